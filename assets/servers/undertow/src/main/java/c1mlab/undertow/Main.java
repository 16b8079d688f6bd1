package c1mlab.undertow;

import static io.undertow.Handlers.path;
import static io.undertow.Handlers.websocket;

import io.undertow.Undertow;
import io.undertow.Version;
import io.undertow.websockets.core.CloseMessage;
import io.undertow.websockets.core.WebSocketChannel;
import io.undertow.websockets.core.WebSockets;
import java.util.ArrayList;
import org.xnio.Options;

/** Undertow with two WebSocket paths, and an IO thread for each processor. */
public final class Main {
    private static final int CLOSE_SECONDS = 5;

    private Main() {}

    public static void main(String[] args) {
        var port = Integer.parseInt(System.getenv("C1M_PORT"));
        var members = new Members();
        var memberPath = websocket((exchange, channel) -> members.join(channel));
        var publisherPath = websocket((exchange, channel) -> new Client(channel, members::publish));
        var undertow = Undertow.builder()
                .addHttpListener(port, System.getenv("C1M_ADDRESS"))
                .setIoThreads(Runtime.getRuntime().availableProcessors())
                .setSocketOption(Options.BACKLOG, Integer.parseInt(System.getenv("C1M_BACKLOG")))
                // By default the listener pauses at a million connections.
                .setWorkerOption(Options.CONNECTION_HIGH_WATER, Integer.MAX_VALUE)
                .setWorkerOption(Options.CONNECTION_LOW_WATER, Integer.MAX_VALUE)
                .setHandler(path().addExactPath("/", memberPath).addExactPath("/publish", publisherPath))
                .build();
        try {
            undertow.start();
        } catch (RuntimeException error) {
            System.err.println("undertow: " + error.getMessage());
            System.exit(1);
        }

        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            var open = new ArrayList<WebSocketChannel>(memberPath.getPeerConnections());
            open.addAll(publisherPath.getPeerConnections());
            open.forEach(channel -> WebSockets.sendClose(CloseMessage.GOING_AWAY, null, channel, null));
            awaitClosed(open);
            undertow.stop();
            System.out.printf("{\"event\":\"stopped\",\"port\":%d}%n", port);
            // A JVM that a signal ends has exit code 143, unless its last hook halts it.
            Runtime.getRuntime().halt(0);
        }));
        System.out.printf(
                "{\"event\":\"listening\",\"port\":%d,\"server\":\"undertow\",\"version\":\"%s\"}%n",
                port, Version.getVersionString());
    }

    private static void awaitClosed(ArrayList<WebSocketChannel> channels) {
        var deadline = System.nanoTime() + CLOSE_SECONDS * 1_000_000_000L;
        try {
            while (channels.stream().anyMatch(WebSocketChannel::isOpen) && System.nanoTime() < deadline) {
                Thread.sleep(10);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
