ARG GIVEN
FROM ${GIVEN}
USER root
COPY napcat.py napcat.sh /app/
RUN mv /app/napcat.sh /app/entrypoint.sh && mkdir -p /app/napcat/config /app/.config/QQ
WORKDIR /app
EXPOSE 6099
HEALTHCHECK NONE
ENTRYPOINT ["bash", "entrypoint.sh"]
CMD []
