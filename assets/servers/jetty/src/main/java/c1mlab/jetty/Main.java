package c1mlab.jetty;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.VirtualThreads;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.eclipse.jetty.websocket.api.StatusCode;
import org.eclipse.jetty.websocket.server.ServerWebSocketContainer;
import org.eclipse.jetty.websocket.server.WebSocketUpgradeHandler;

/** Jetty with two WebSocket paths; whatever may block runs on virtual threads. */
public final class Main {
    private static final int MAX_MESSAGE_BYTES = 1 << 20;
    private static final Set<Client> MEMBERS = ConcurrentHashMap.newKeySet();
    private static final Set<Client> PUBLISHERS = ConcurrentHashMap.newKeySet();

    private Main() {}

    public static void main(String[] args) throws Exception {
        var threads = new QueuedThreadPool();
        threads.setVirtualThreadsExecutor(VirtualThreads.getDefaultVirtualThreadsExecutor());
        var server = new Server(threads);
        var connector = new ServerConnector(server);
        connector.setHost(System.getenv("C1M_ADDRESS"));
        connector.setPort(Integer.parseInt(System.getenv("C1M_PORT")));
        connector.setAcceptQueueSize(Integer.parseInt(System.getenv("C1M_BACKLOG")));
        server.addConnector(connector);
        server.setHandler(WebSocketUpgradeHandler.from(server, Main::configure));
        try {
            server.start();
        } catch (Exception error) {
            System.err.println("jetty: " + error.getMessage());
            System.exit(1);
        }
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(connector)));
        report("listening", "\"server\":\"jetty\",\"version\":\"" + Server.getVersion() + "\"");
    }

    private static void configure(ServerWebSocketContainer container) {
        container.setIdleTimeout(Duration.ZERO);
        container.setMaxTextMessageSize(MAX_MESSAGE_BYTES);
        container.setMaxBinaryMessageSize(MAX_MESSAGE_BYTES);
        container.setMaxFrameSize(MAX_MESSAGE_BYTES);
        container.addMapping("^/$", (request, response, callback) -> join(MEMBERS, request, message -> message));
        container.addMapping("^/publish$", (request, response, callback) -> join(PUBLISHERS, request, Main::publish));
    }

    /** A client joins before its 101 is sent, and leaves also when that fails. */
    private static Client join(Set<Client> clients, Request request, Client.Receiver receiver) {
        var client = new Client(receiver, clients::remove);
        clients.add(client);
        Request.addCompletionListener(request, failure -> {
            if (failure != null) {
                clients.remove(client);
            }
        });
        return client;
    }

    /** A publisher's message goes to every member, and it is told how many those were. */
    private static Client.Message publish(Client.Message message) {
        var began = System.nanoTime();
        var addressed = 0;
        var failed = 0;
        for (var member : MEMBERS) {
            addressed++;
            if (!member.offer(message)) {
                failed++;
                MEMBERS.remove(member);
            }
        }
        return Client.Message.text("sent " + addressed + " " + failed + " " + (System.nanoTime() - began) / 1000);
    }

    private static void stop(ServerConnector connector) {
        connector.close();
        MEMBERS.forEach(client -> client.close(StatusCode.SHUTDOWN));
        PUBLISHERS.forEach(client -> client.close(StatusCode.SHUTDOWN));
        var deadline = System.nanoTime() + Duration.ofSeconds(5).toNanos();
        while (!(MEMBERS.isEmpty() && PUBLISHERS.isEmpty()) && System.nanoTime() < deadline) {
            LockSupport.parkNanos(10_000_000);
        }
        report("stopped", null);
        // A JVM that a signal ends has exit code 143, unless its last hook halts it.
        Runtime.getRuntime().halt(0);
    }

    private static void report(String event, String more) {
        var port = System.getenv("C1M_PORT");
        System.out.println("{\"event\":\"" + event + "\",\"port\":" + port + (more == null ? "" : "," + more) + "}");
    }
}
