package c1mlab.vertx;

import io.vertx.core.DeploymentOptions;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.util.logging.LogManager;

/** Reads the contract's environment (checked by {@code start}), runs the server, and reports what the contract asks for. */
public final class Main {
    private static final int STOP_SECONDS = 5;

    private Main() {}

    public static void main(String[] args) throws Exception {
        var port = Integer.parseInt(System.getenv("C1M_PORT"));
        var address = System.getenv("C1M_ADDRESS");
        var loops = Runtime.getRuntime().availableProcessors();
        var options = ServerVerticle.options(port, address, Integer.parseInt(System.getenv("C1M_BACKLOG")));
        var connections = new Connections();
        // No handler blocks, so the worker pool stays empty.
        var vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(loops).setWorkerPoolSize(1));
        // Vert.x logs an error for every connection that is reset. Not earlier: it reads the configuration of its logger first.
        LogManager.getLogManager().reset();
        try {
            vertx.deployVerticle(
                            () -> new ServerVerticle(options, connections), new DeploymentOptions().setInstances(loops))
                    .await();
        } catch (Exception error) {
            System.err.printf("vertx: cannot listen on %s port %d: %s%n", address, port, error.getMessage());
            Runtime.getRuntime().halt(1);
        }
        // A JVM that SIGTERM ends has exit code 143 whatever its hooks do; halting in the last one makes it 0.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            connections.closeAll(STOP_SECONDS);
            System.out.printf("{\"event\":\"stopped\",\"port\":%d}%n", port);
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }, "stop"));
        System.out.printf(
                "{\"event\":\"listening\",\"port\":%d,\"server\":\"vertx\",\"version\":\"%s\"}%n",
                port, Vertx.class.getPackage().getImplementationVersion());
        System.out.flush();
    }
}
