package c1mlab.undertow;

import static io.undertow.Handlers.path;
import static io.undertow.Handlers.websocket;

import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import io.undertow.Version;
import io.undertow.websockets.core.CloseMessage;
import io.undertow.websockets.core.WebSockets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.xnio.Options;

/** Undertow with two WebSocket paths, and an IO thread for each processor. */
public final class Main {
    private static final int CLOSE_MILLIS = 5000;

    public static void main(String[] args) throws GeneralSecurityException, IOException {
        var address = System.getenv("C1M_ADDRESS");
        var port = Integer.parseInt(System.getenv("C1M_PORT"));
        var certificate = System.getenv("C1M_TLS_CERT");
        var memberPath = websocket((exchange, channel) -> new Client(channel, true));
        var publisherPath = websocket((exchange, channel) -> new Client(channel, false));
        var builder = Undertow.builder()
                .setIoThreads(Runtime.getRuntime().availableProcessors())
                .setSocketOption(Options.BACKLOG, Integer.parseInt(System.getenv("C1M_BACKLOG")))
                // By default the listener pauses at a million connections.
                .setWorkerOption(Options.CONNECTION_HIGH_WATER, Integer.MAX_VALUE)
                .setWorkerOption(Options.CONNECTION_LOW_WATER, Integer.MAX_VALUE)
                .setServerOption(UndertowOptions.SHUTDOWN_TIMEOUT, CLOSE_MILLIS)
                .setHandler(path().addExactPath("/", memberPath).addExactPath("/publish", publisherPath));
        var undertow = (certificate == null
                        ? builder.addHttpListener(port, address)
                        : builder.addHttpsListener(port, address, tls(certificate, System.getenv("C1M_TLS_KEY"))))
                .build();
        try {
            undertow.start();
        } catch (RuntimeException error) {
            System.err.println("undertow: " + error.getMessage());
            System.exit(1);
        }

        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            for (var path : List.of(memberPath, publisherPath)) {
                path.getPeerConnections().forEach(channel ->
                        WebSockets.sendClose(CloseMessage.GOING_AWAY, null, channel, null));
            }
            undertow.stop();
            System.out.printf("{\"event\":\"stopped\",\"port\":%d}%n", port);
            // A JVM that a signal ends has exit code 143, unless its last hook halts it.
            Runtime.getRuntime().halt(0);
        }));
        System.out.printf(
                "{\"event\":\"listening\",\"port\":%d,\"server\":\"undertow\",\"version\":\"%s\"}%n",
                port, Version.getVersionString());
    }

    /** Java reads keys from key stores and not from PEM. */
    private static SSLContext tls(String certificate, String key) throws GeneralSecurityException, IOException {
        var chain = CertificateFactory.getInstance("X.509")
                .generateCertificates(Files.newInputStream(Path.of(certificate)));
        var der = Base64.getMimeDecoder().decode(Files.readString(Path.of(key)).replaceAll("-----.*-----", ""));
        var store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry(
                "server",
                KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(der)),
                new char[0],
                chain.toArray(Certificate[]::new));
        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, new char[0]);
        var context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return context;
    }
}
