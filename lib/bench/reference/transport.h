/*
 * What connections are read from and written to: sockets, or with -DTLS one SSL object a socket, TLS 1.3 with the cipher and the group
 * that the load generator uses. The client does not look at the certificate, as the load generator in the lab does not.
 */
#ifndef TLS

/* Whether one read gives no more than one record, so that more may be there. */
#define RECORDS 0
static void set_up(int size) { (void)size; }
static void take_up(int fd) { (void)fd; }
static void drop(int fd) { close(fd); }
static inline int secured(int fd) { return fd >= 0; }
static long take(int fd, void *bytes, long most) { return recv(fd, bytes, most, 0); }
static long give(int fd, const void *bytes, long length) { return send(fd, bytes, length, MSG_NOSIGNAL); }

#else

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <signal.h>

#define RECORDS 1
static SSL_CTX *context;
static SSL **tls;

#ifdef SERVER
static void certify(void) {
  EVP_PKEY *key = EVP_EC_gen("P-256");
  X509 *certificate = X509_new();
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC, (unsigned char *)"localhost", -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  X509_set_pubkey(certificate, key);
  X509_sign(certificate, key, EVP_sha256());
  SSL_CTX_use_certificate(context, certificate);
  SSL_CTX_use_PrivateKey(context, key);
}
#else
static int any_certificate(X509_STORE_CTX *store, void *argument) { return store != NULL || argument != NULL; }
#endif

static void set_up(int size) {
  signal(SIGPIPE, SIG_IGN);
  tls = calloc(size, sizeof *tls);
#ifdef SERVER
  context = SSL_CTX_new(TLS_server_method());
  certify();
#else
  context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_cert_verify_callback(context, any_certificate, NULL);
#endif
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
  SSL_CTX_set1_groups_list(context, "X25519");
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
}

static void take_up(int fd) {
  tls[fd] = SSL_new(context);
  SSL_set_fd(tls[fd], fd);
#ifdef SERVER
  SSL_set_accept_state(tls[fd]);
#else
  SSL_set_connect_state(tls[fd]);
#endif
}

static void drop(int fd) {
  SSL_free(tls[fd]);
  close(fd);
}

/* As system calls do it: minus one and EAGAIN when there is nothing to read, EINPROGRESS when nothing can be written. */
static int outcome(int fd, int result) {
  if (result > 0) return result;
  int error = SSL_get_error(tls[fd], result);
  errno = error == SSL_ERROR_WANT_READ ? EAGAIN : error == SSL_ERROR_WANT_WRITE ? EINPROGRESS : EPROTO;
  return error == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

static inline int secured(int fd) { return outcome(fd, SSL_do_handshake(tls[fd])) > 0; }
static long take(int fd, void *bytes, long most) { return outcome(fd, SSL_read(tls[fd], bytes, most)); }
static long give(int fd, const void *bytes, long length) { return outcome(fd, SSL_write(tls[fd], bytes, length)); }

#endif
