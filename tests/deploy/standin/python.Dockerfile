FROM kagami-standin/debian:12
ARG GIVEN
ADD python.tar /usr/local/
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
RUN ldconfig \
 && ln -s ${GIVEN} /usr/local/bin/python3 && ln -s ${GIVEN} /usr/local/bin/python \
 && printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n' > /etc/pip.conf \
 && python -m ensurepip --default-pip
CMD ["python3"]
