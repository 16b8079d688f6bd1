package c1mlab.netty;

import io.netty.util.Version;
import java.net.InetSocketAddress;

/** Reads the contract's environment (checked by {@code start}), runs the server, and reports what the contract asks for. */
public final class Main {
    private Main() {}

    public static void main(String[] args) {
        var port = Integer.parseInt(System.getenv("C1M_PORT"));
        var address = System.getenv("C1M_ADDRESS");
        var backlog = Integer.parseInt(System.getenv("C1M_BACKLOG"));
        var server = new WebSocketServer();
        try {
            server.listen(new InetSocketAddress(address, port), backlog);
        } catch (Exception error) {
            System.err.printf("netty: cannot listen on %s port %d: %s%n", address, port, error.getMessage());
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
                "{\"event\":\"listening\",\"port\":%d,\"server\":\"netty\",\"version\":\"%s\"}%n",
                port, Version.identify().get("netty-transport").artifactVersion());
        System.out.flush();
    }
}
