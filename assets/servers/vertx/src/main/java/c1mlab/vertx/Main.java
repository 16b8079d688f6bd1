package c1mlab.vertx;

import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.PemKeyCertOptions;
import java.util.concurrent.TimeUnit;

/** Deploys a verticle for each processor; all share the listening socket. */
public final class Main {
    static final int MAX_MESSAGE_BYTES = 1 << 20;
    private static final int CLOSE_SECONDS = 5;
    private static final short GOING_AWAY = 1001;

    private Main() {}

    public static void main(String[] args) {
        var port = Integer.parseInt(System.getenv("C1M_PORT"));
        var options = new HttpServerOptions()
                .setHost(System.getenv("C1M_ADDRESS"))
                .setPort(port)
                .setAcceptBacklog(Integer.parseInt(System.getenv("C1M_BACKLOG")))
                .setMaxWebSocketFrameSize(MAX_MESSAGE_BYTES)
                .setMaxWebSocketMessageSize(MAX_MESSAGE_BYTES)
                .setWebSocketClosingTimeout(CLOSE_SECONDS);
        var certificate = System.getenv("C1M_TLS_CERT");
        if (certificate != null) {
            options.setSsl(true)
                    .setKeyCertOptions(new PemKeyCertOptions()
                            .setCertPath(certificate)
                            .setKeyPath(System.getenv("C1M_TLS_KEY")));
        }
        var loops = Runtime.getRuntime().availableProcessors();
        var vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(loops));
        try {
            vertx.deployVerticle(() -> new ServerVerticle(options), new DeploymentOptions().setInstances(loops))
                    .await();
        } catch (Exception error) {
            System.err.println("vertx: " + error.getMessage());
            System.exit(1);
        }

        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            var closes = ServerVerticle.SOCKETS.stream().map(socket -> socket.close(GOING_AWAY)).toList();
            try {
                Future.join(closes).await(CLOSE_SECONDS + 1, TimeUnit.SECONDS);
            } catch (Exception late) {
                // Those that have not answered are cut off with the process.
            }
            System.out.printf("{\"event\":\"stopped\",\"port\":%d}%n", port);
            // A JVM that a signal ends has exit code 143, unless its last hook halts it.
            Runtime.getRuntime().halt(0);
        }));
        System.out.printf(
                "{\"event\":\"listening\",\"port\":%d,\"server\":\"vertx\",\"version\":\"%s\"}%n",
                port, Vertx.class.getPackage().getImplementationVersion());
    }
}
