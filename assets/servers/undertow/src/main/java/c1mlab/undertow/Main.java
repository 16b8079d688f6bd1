package c1mlab.undertow;

import io.undertow.Version;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Reads the contract's environment (checked by {@code start}), runs the server, and reports what the contract asks for. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        // Undertow and XNIO announce themselves at INFO, on standard error.
        System.setProperty("org.jboss.logging.provider", "jdk");
        Logger.getLogger("").setLevel(Level.WARNING);
        var port = Integer.parseInt(System.getenv("C1M_PORT"));
        var address = System.getenv("C1M_ADDRESS");
        var backlog = Integer.parseInt(System.getenv("C1M_BACKLOG"));
        var server = new WebSocketServer(address, port, backlog);
        try {
            server.listen();
        } catch (RuntimeException error) {
            var cause = error.getCause() == null ? error : error.getCause();
            System.err.printf("undertow: cannot listen on %s port %d: %s%n", address, port, cause.getMessage());
            Runtime.getRuntime().halt(1);
        }
        // A JVM that SIGTERM ends has exit code 143 whatever its hooks do; halting in the last one makes it 0.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            server.stop();
            System.out.printf("{\"event\":\"stopped\",\"port\":%d}%n", port);
            System.out.flush();
            Runtime.getRuntime().halt(0);
        }, "stop"));
        System.out.printf(
                "{\"event\":\"listening\",\"port\":%d,\"server\":\"undertow\",\"version\":\"%s\"}%n",
                port, Version.getVersionString());
        System.out.flush();
    }
}
