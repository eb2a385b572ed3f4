{{/* Variables of every container. Secrets are files. */}}
{{- define "kagami.environment" -}}
{{- $auth := "/run/secrets/kagami/auth" -}}
- {name: KAGAMI_HOME, value: /var/lib/kagami}
{{- if or .Values.config .Values.existingConfigSecret }}
- {name: KAGAMI_CONFIG, value: /etc/kagami/kagami.toml}
{{- end }}
- {name: KAGAMI_GATEWAY__HOST, value: 0.0.0.0}
- {name: KAGAMI_WEB__HOST, value: 0.0.0.0}
- {name: WS_PORT, value: "3001"}
- {name: WEBUI_PORT, value: "5000"}
- name: KAGAMI_GATEWAY__HOSTS
  value: {{ include "kagami.hosts" . | quote }}
- name: KAGAMI_WEB__HOSTS
  value: {{ include "kagami.hosts" . | quote }}
{{- with .Values.trustedProxies }}
- name: KAGAMI_WEB__TRUSTED_PROXIES
  value: {{ join "," . | quote }}
{{- end }}
{{- if and .Values.ingress.enabled .Values.ingress.web.host }}
- name: KAGAMI_WEB__ORIGINS
  value: {{ printf "http%s://%s" (ternary "s" "" (ne .Values.ingress.web.tlsSecret "")) .Values.ingress.web.host | quote }}
{{- end }}
- {name: LOG_LEVEL, value: {{ .Values.logLevel | quote }}}
{{- with .Values.language }}
- {name: KAGAMI_LANGUAGE, value: {{ . | quote }}}
{{- end }}
- {name: KAGAMI_GATEWAY__TOKEN_FILE, value: {{ $auth }}/gateway-token}
- {name: JWT_SECRET_FILE, value: {{ $auth }}/jwt-secret}
{{- if or (eq .Values.mode "cluster") (not .Values.persistence.enabled) }}
- {name: KAGAMI_CLUSTER__SECRET_FILE, value: {{ $auth }}/cluster-secret}
{{- end }}
{{- if eq .Values.mode "cluster" }}
- name: KAGAMI_CLUSTER__NODE
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
{{- end }}
{{- if or .Values.serviceMonitor.enabled (not .Values.auth.existingSecret) }}
- {name: KAGAMI_WEB__METRICS_TOKEN_FILE, value: {{ $auth }}/metrics-token}
{{- end }}
{{- if not .Values.auth.existingSecret }}
- {name: KAGAMI_ADMIN_PASSWORD_FILE, value: {{ $auth }}/admin-password}
{{- end }}
{{- with .Values.database }}
{{- if .host }}
- {name: DB_HOST, value: {{ .host | quote }}}
- {name: DB_PORT, value: {{ .port | quote }}}
- {name: DB_NAME, value: {{ .name | quote }}}
- {name: DB_USER, value: {{ .user | quote }}}
- {name: DB_PASSWORD_FILE, value: /run/secrets/kagami/database/{{ .passwordKey }}}
{{- end }}
{{- end }}
{{- with .Values.redis }}
{{- if .address }}
- {name: REDIS_ADDR, value: {{ .address | quote }}}
{{- if .existingSecret }}
- {name: REDIS_PWD_FILE, value: /run/secrets/kagami/redis/{{ .passwordKey }}}
{{- end }}
{{- end }}
{{- end }}
{{- range $name, $value := .Values.env }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}
