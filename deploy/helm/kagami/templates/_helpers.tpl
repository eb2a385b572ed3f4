{{- define "kagami.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "kagami.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else if contains (include "kagami.name" .) .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "kagami.name" .) | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "kagami.selector" -}}
app.kubernetes.io/name: {{ include "kagami.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "kagami.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "kagami.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "kagami.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "kagami.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "kagami.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* The secret with tokens: a given one, or the chart's own. */}}
{{- define "kagami.authSecret" -}}
{{- default (printf "%s-auth" (include "kagami.fullname" .)) .Values.auth.existingSecret -}}
{{- end -}}

{{- define "kagami.databaseSecret" -}}
{{- default (printf "%s-database" (include "kagami.fullname" .)) .Values.database.existingSecret -}}
{{- end -}}

{{/* The roles that are run, each the key of its values. */}}
{{- define "kagami.roles" -}}
{{- if eq .Values.mode "cluster" -}}gateway worker{{- else -}}all{{- end -}}
{{- end -}}

{{/* The role whose pods the services lead to. */}}
{{- define "kagami.front" -}}
{{- if eq .Values.mode "cluster" -}}gateway{{- else -}}all{{- end -}}
{{- end -}}

{{/* Names that a request may be addressed to, beside addresses. */}}
{{- define "kagami.hosts" -}}
{{- $names := list -}}
{{- range $suffix := list "gateway" "web" -}}
{{- $service := printf "%s-%s" (include "kagami.fullname" $) $suffix -}}
{{- $names = concat $names (list $service (printf "%s.%s" $service $.Release.Namespace) (printf "%s.%s.svc" $service $.Release.Namespace) (printf "%s.%s.svc.cluster.local" $service $.Release.Namespace)) -}}
{{- end -}}
{{- if .Values.ingress.enabled -}}
{{- $names = concat $names (list .Values.ingress.web.host .Values.ingress.gateway.host) -}}
{{- end -}}
{{- concat $names .Values.service.extraHosts | compact | uniq | join "," -}}
{{- end -}}
