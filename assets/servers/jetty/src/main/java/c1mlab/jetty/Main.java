package c1mlab.jetty;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.VirtualThreads;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.eclipse.jetty.websocket.server.ServerWebSocketContainer;
import org.eclipse.jetty.websocket.server.WebSocketUpgradeHandler;

/** Jetty with two WebSocket paths; whatever may block runs on virtual threads. */
public final class Main {
    private static final int MAX_MESSAGE_BYTES = 1 << 20;
    private static final Set<Client> MEMBERS = ConcurrentHashMap.newKeySet();

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
        server.setStopTimeout(5000);
        server.setHandler(WebSocketUpgradeHandler.from(server, Main::configure));
        try {
            server.start();
        } catch (Exception error) {
            System.err.println("jetty: " + error.getMessage());
            System.exit(1);
        }
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server)));
        report("listening", "\"server\":\"jetty\",\"version\":\"" + Server.getVersion() + "\"");
    }

    private static void configure(ServerWebSocketContainer container) {
        container.setIdleTimeout(Duration.ZERO);
        container.setMaxTextMessageSize(MAX_MESSAGE_BYTES);
        container.setMaxBinaryMessageSize(MAX_MESSAGE_BYTES);
        container.setMaxFrameSize(MAX_MESSAGE_BYTES);
        container.addMapping("^/$", (request, response, callback) -> join(request));
        container.addMapping("^/publish$", (request, response, callback) -> new Client(Main::publish, left -> {}));
    }

    /** A member joins before its 101 is sent, and leaves also when that fails. It gets its own messages back. */
    private static Client join(Request request) {
        var member = new Client(message -> message, MEMBERS::remove);
        MEMBERS.add(member);
        Request.addCompletionListener(request, failure -> {
            if (failure != null) {
                MEMBERS.remove(member);
            }
        });
        return member;
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

    /** Jetty sends 1001 to all, and then closes the connections. */
    private static void stop(Server server) {
        try {
            server.stop();
        } catch (Exception late) {
            // Those that could not be closed in time are cut off with the process.
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
