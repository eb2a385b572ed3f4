{{/* Whoever may read a ConfigMap or a Deployment is not whoever may read a Secret. Messages name keys, never values. */}}
{{- define "kagami.refuseSecrets" -}}
{{- $credentials := "://[^/?#\\s\"']*:[^/?#\\s\"']*@|(?i)[?&](password|sslpassword|passwd|pwd|token|access_token|secret|api_?key)=[^&\\s\"']" -}}
{{- if and .Values.config .Values.existingConfigSecret -}}
{{- fail "config and existingConfigSecret are two files of settings: give one" -}}
{{- end -}}
{{- $text := regexReplaceAll "(?m)^\\s*#.*$" .Values.config "" -}}
{{- $secret := "(?i)[\\w-]*(token|secret|password|passphrase|passwd|pwd|webhook|cookie|credential|apikey|[_-]key)[\\w-]*[\"']?\\s*=\\s*(\"\"\"\\s*|'''\\s*|[\"'])[^\"'\\s]" -}}
{{- $key := regexFind $secret $text | splitList "=" | first | trimAll "\"' " -}}
{{- if and (not $key) (regexMatch $credentials $text) -}}
{{- $key = "an address with a password" -}}
{{- end -}}
{{- if $key -}}
{{- printf "config holds a secret (%s), and a ConfigMap does not keep it: put the whole file under the key kagami.toml into a Secret of your own, and give its name as existingConfigSecret" $key | fail -}}
{{- end -}}
{{- range $name, $value := .Values.env -}}
{{- $held := regexMatch "(TOKEN|SECRET|SECRET_BEFORE|PASSWORD|PASSPHRASE|PASSWD|PWD|WEBHOOK|COOKIES?|CREDENTIALS?|APIKEY|_KEY)$|^KAGAMI_(STORE__URL|STORE__READ_URL|REDIS__URL|BOTS|WORKERS|PLUGINS__SETTINGS)$" $name -}}
{{- if or $held (regexMatch $credentials (toString $value)) -}}
{{- printf "env.%s would be readable by whoever may see the pods: give it in extraEnv by a Secret of your own (valueFrom.secretKeyRef)" $name | fail -}}
{{- end -}}
{{- end -}}
{{- end -}}
