import { insideNode, koffi } from '../kernel/native-calls.ts';

/** Functions take addresses and lengths as plain numbers, as those of the C library do; a few take a text. */
type Native = (...values: number[]) => number;
type NativeWithText = (...values: (number | string)[]) => number;

// Node's own OpenSSL, which is in the process already.
const find = (definition: string) =>
  insideNode({ by: 'wss://', library: 'OpenSSL', shared: 'libssl.so.3' }, definition);

const declare: (definition: string) => Native = find;
const declareWithText: (definition: string) => NativeWithText = find;

/** What an SSL_CTX calls with each line of a key log: the SSL object, and `LABEL client-random secret` in hexadecimal. */
export type KeyLog = (ssl: number, line: string) => void;

const keyLogType = koffi.pointer(koffi.proto('void C1mTlsKeyLog(int64_t, const char *)'));

const setKeyLogCallback: (context: number, log: unknown) => void = find(
  'void SSL_CTX_set_keylog_callback(int64_t, C1mTlsKeyLog *)',
);

/** Registers a key log, which is then called from inside SSL_do_handshake(). */
export function setKeyLog(context: number, log: KeyLog): void {
  setKeyLogCallback(context, koffi.register(log, keyLogType));
}

/** Decides about a server's certificate: given an X509_STORE_CTX, 1 when it will do. */
export type VerifyCertificate = (storeContext: number) => number;

const verifyType = koffi.pointer(koffi.proto('int C1mTlsVerify(int64_t, int64_t)'));

const setVerifyCallback: (context: number, verify: unknown, argument: number) => void = find(
  'void SSL_CTX_set_cert_verify_callback(int64_t, C1mTlsVerify *, int64_t)',
);

/** Registers what decides in OpenSSL's place, from inside SSL_do_handshake(). */
export function setVerifyCertificate(context: number, verify: VerifyCertificate): void {
  setVerifyCallback(context, koffi.register(verify, verifyType), 0);
}

/** SSL_CTX_*: what all connections of a process share. */
export const clientMethod = declare('int64_t TLS_client_method()');
export const newContext = declare('int64_t SSL_CTX_new(int64_t)');
export const contextControl = declare('long SSL_CTX_ctrl(int64_t, int, long, int64_t)');
/** The same, for the commands whose argument is a text. */
export const contextControlText = declareWithText('long SSL_CTX_ctrl(int64_t, int, long, const char *)');
export const setCipherSuites = declareWithText('int SSL_CTX_set_ciphersuites(int64_t, const char *)');
export const setCipherList = declareWithText('int SSL_CTX_set_cipher_list(int64_t, const char *)');
export const setAlpn = declareWithText('int SSL_CTX_set_alpn_protos(int64_t, const char *, int)');
export const setVerify = declare('void SSL_CTX_set_verify(int64_t, int, int64_t)');
export const verifyParameters = declare('int64_t SSL_CTX_get0_param(int64_t)');
export const certificateStore = declare('int64_t SSL_CTX_get_cert_store(int64_t)');
export const expectHost = declareWithText('int X509_VERIFY_PARAM_set1_host(int64_t, const char *, int64_t)');
export const expectAddress = declareWithText('int X509_VERIFY_PARAM_set1_ip_asc(int64_t, const char *)');
export const setVerifyFlags = declare('int X509_VERIFY_PARAM_set_flags(int64_t, long)');
export const addCertificate = declare('int X509_STORE_add_cert(int64_t, int64_t)');
export const verifyCertificate = declare('int X509_verify_cert(int64_t)');
export const certificateOf = declare('int64_t X509_STORE_CTX_get0_cert(int64_t)');
export const compareCertificates = declare('int X509_cmp(int64_t, int64_t)');
export const keepCertificate = declare('int X509_up_ref(int64_t)');
export const freeCertificate = declare('void X509_free(int64_t)');
export const readCertificate = declare('int64_t PEM_read_bio_X509(int64_t, int64_t, int64_t, int64_t)');

/** BIO_*: memory to read from; of a method, what is written to it first. */
export const memoryMethod = declare('int64_t BIO_s_mem()');
export const newBio = declare('int64_t BIO_new(int64_t)');
export const writeBio = declare('int BIO_write(int64_t, int64_t, int)');
export const readBio = declare('int BIO_read(int64_t, int64_t, int)');
export const memoryBio = declare('int64_t BIO_new_mem_buf(int64_t, int)');
export const bioControl = declare('long BIO_ctrl(int64_t, int, long, int64_t)');
export const freeBio = declare('int BIO_free(int64_t)');

/** SSL_*: one connection, for as long as its handshake lasts. */
export const newSsl = declare('int64_t SSL_new(int64_t)');
export const freeSsl = declare('void SSL_free(int64_t)');
export const setDescriptor = declare('int SSL_set_fd(int64_t, int)');
export const setConnectState = declare('void SSL_set_connect_state(int64_t)');
export const setServerName = declareWithText('long SSL_ctrl(int64_t, int, long, const char *)');
export const doHandshake = declare('int SSL_do_handshake(int64_t)');
export const sslError = declare('int SSL_get_error(int64_t, int)');
export const verifyResult = declare('long SSL_get_verify_result(int64_t)');
export const protocolVersion = declare('int SSL_version(int64_t)');
export const currentCipher = declare('int64_t SSL_get_current_cipher(int64_t)');
export const cipherKind = declare('int SSL_CIPHER_get_cipher_nid(int64_t)');
export const cipherDigest = declare('int64_t SSL_CIPHER_get_handshake_digest(int64_t)');
export const digestBytes = declare('int EVP_MD_get_size(int64_t)');
export const clientRandom = declare('int64_t SSL_get_client_random(int64_t, int64_t, int64_t)');
export const serverRandom = declare('int64_t SSL_get_server_random(int64_t, int64_t, int64_t)');

/** SSL_SESSION_*: what a later connection resumes. */
export const currentSession = declare('int64_t SSL_get_session(int64_t)');
export const takeSession = declare('int64_t SSL_get1_session(int64_t)');
export const setSession = declare('int SSL_set_session(int64_t, int64_t)');
export const freeSession = declare('void SSL_SESSION_free(int64_t)');
export const isResumable = declare('int SSL_SESSION_is_resumable(int64_t)');
export const masterKey = declare('int64_t SSL_SESSION_get_master_key(int64_t, int64_t, int64_t)');
export const wasResumed = declare('int SSL_session_reused(int64_t)');
export const setShutdown = declare('void SSL_set_shutdown(int64_t, int)');
export const setInput = declare('void SSL_set0_rbio(int64_t, int64_t)');
export const peek = declare('int SSL_peek(int64_t, int64_t, int)');

/** EVP_* and HMAC: the keys of a connection and the records that they protect. */
export const sha256 = declare('int64_t EVP_sha256()');
export const sha384 = declare('int64_t EVP_sha384()');
export const hmac = declare('int64_t HMAC(int64_t, int64_t, int, int64_t, int64_t, int64_t, int64_t)');
export const aes128Gcm = declare('int64_t EVP_aes_128_gcm()');
export const aes256Gcm = declare('int64_t EVP_aes_256_gcm()');
export const chacha20Poly1305 = declare('int64_t EVP_chacha20_poly1305()');
export const newCipherContext = declare('int64_t EVP_CIPHER_CTX_new()');
export const cipherControl = declare('int EVP_CIPHER_CTX_ctrl(int64_t, int, int, int64_t)');
export const beginSeal = declare('int EVP_EncryptInit_ex(int64_t, int64_t, int64_t, int64_t, int64_t)');
export const sealMore = declare('int EVP_EncryptUpdate(int64_t, int64_t, int64_t, int64_t, int)');
export const endSeal = declare('int EVP_EncryptFinal_ex(int64_t, int64_t, int64_t)');
export const beginOpen = declare('int EVP_DecryptInit_ex(int64_t, int64_t, int64_t, int64_t, int64_t)');
export const openMore = declare('int EVP_DecryptUpdate(int64_t, int64_t, int64_t, int64_t, int)');
export const endOpen = declare('int EVP_DecryptFinal_ex(int64_t, int64_t, int64_t)');

/** ERR_*: why the last call failed. */
export const takeError = declare('ulong ERR_get_error()');
export const clearErrors = declare('void ERR_clear_error()');
