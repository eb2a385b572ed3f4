# As the real image's entry point: the token of the WebUI goes into its file at the first start.
config=/app/napcat/config/webui.json
if [ ! -f "$config" ] && [ -n "${WEBUI_TOKEN:-}" ]; then
  printf '{"host": "0.0.0.0", "port": 6099, "token": "%s", "loginRate": 3}\n' "$WEBUI_TOKEN" > "$config"
fi
exec python /app/napcat.py "$config"
