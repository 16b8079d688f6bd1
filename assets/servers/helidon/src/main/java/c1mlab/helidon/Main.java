package c1mlab.helidon;

import io.helidon.webserver.WebServer;
import io.helidon.webserver.websocket.WsRouting;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.locks.LockSupport;

/** Helidon with two WebSocket paths, and its virtual thread for each connection. */
public final class Main {
    /** As in pom.xml. */
    private static final String VERSION = "4.5.0";

    /** They hold nobody in memory: Helidon does as long as a client is connected. */
    private static final Set<Client> MEMBERS = newWeakSet();
    private static final Set<Client> PUBLISHERS = newWeakSet();

    private Main() {}

    public static void main(String[] args) throws Exception {
        var server = WebServer.builder()
                .address(InetAddress.getByName(System.getenv("C1M_ADDRESS")))
                .port(Integer.parseInt(System.getenv("C1M_PORT")))
                .backlog(Integer.parseInt(System.getenv("C1M_BACKLOG")))
                .connectionOptions(options -> options.tcpNoDelay(true))
                .idleConnectionTimeout(Duration.ofDays(365))
                .shutdownHook(false)
                .addRouting(WsRouting.builder()
                        .endpoint("/", () -> new Client(MEMBERS, message -> message))
                        .endpoint("/publish", () -> new Client(PUBLISHERS, Main::publish)));
        // Helidon logs why it cannot listen, and returns.
        if (!server.build().start().isRunning()) {
            System.exit(1);
        }
        Runtime.getRuntime().addShutdownHook(new Thread(Main::stop));
        report("listening", ",\"server\":\"helidon\",\"version\":\"" + VERSION + "\"");
    }

    /** A publisher's message goes to every member, and it is told how many those were. */
    private static Client.Message publish(Client.Message message) {
        var began = System.nanoTime();
        var addressed = connected(MEMBERS);
        var failed = addressed.stream().filter(member -> !member.offer(message)).toList();
        failed.forEach(MEMBERS::remove);
        var micros = (System.nanoTime() - began) / 1000;
        return new Client.Message("sent " + addressed.size() + " " + failed.size() + " " + micros, null);
    }

    private static Set<Client> newWeakSet() {
        return Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));
    }

    private static List<Client> connected(Set<Client> clients) {
        synchronized (clients) {
            return clients.stream().filter(Client::isConnected).toList();
        }
    }

    private static void stop() {
        connected(MEMBERS).forEach(Client::close);
        connected(PUBLISHERS).forEach(Client::close);
        var deadline = System.nanoTime() + Duration.ofSeconds(5).toNanos();
        while (!(connected(MEMBERS).isEmpty() && connected(PUBLISHERS).isEmpty()) && System.nanoTime() < deadline) {
            LockSupport.parkNanos(10_000_000);
        }
        report("stopped", "");
        // A JVM that a signal ends has exit code 143, unless its last hook halts it.
        Runtime.getRuntime().halt(0);
    }

    private static void report(String event, String more) {
        System.out.println("{\"event\":\"" + event + "\",\"port\":" + System.getenv("C1M_PORT") + more + "}");
    }
}
