package c1mlab.undertow;

import io.undertow.Handlers;
import io.undertow.Undertow;
import io.undertow.UndertowOptions;
import io.undertow.server.HttpHandler;
import io.undertow.server.HttpServerExchange;
import io.undertow.server.handlers.ResponseCodeHandler;
import io.undertow.util.HeaderValues;
import io.undertow.util.Headers;
import io.undertow.util.Protocols;
import io.undertow.util.StatusCodes;
import io.undertow.websockets.WebSocketConnectionCallback;
import io.undertow.websockets.WebSocketProtocolHandshakeHandler;
import io.undertow.websockets.core.protocol.version13.Hybi13Handshake;
import java.util.List;
import java.util.stream.Stream;
import org.xnio.Options;

/** Undertow with two WebSocket paths, and an IO thread for each processor. */
final class WebSocketServer {
    private static final int STOP_SECONDS = 5;

    private final Connections connections = new Connections();
    private final Undertow undertow;

    WebSocketServer(String address, int port, int backlog) {
        var member = webSocket((exchange, channel) -> new Member(connections, channel).open());
        var publisher = webSocket((exchange, channel) -> new Publisher(connections, channel).open());
        undertow = Undertow.builder()
                .addHttpListener(port, address)
                .setIoThreads(Runtime.getRuntime().availableProcessors())
                // No handler blocks, so the worker pool stays empty.
                .setWorkerThreads(1)
                .setSocketOption(Options.BACKLOG, backlog)
                // By default the listener pauses at a million connections.
                .setWorkerOption(Options.CONNECTION_HIGH_WATER, Integer.MAX_VALUE)
                .setWorkerOption(Options.CONNECTION_LOW_WATER, Integer.MAX_VALUE)
                .setServerOption(UndertowOptions.NO_REQUEST_TIMEOUT, -1)
                .setServerOption(UndertowOptions.SHUTDOWN_TIMEOUT, 1000)
                .setHandler(exchange -> {
                    switch (exchange.getRequestPath()) {
                        case "/" -> member.handleRequest(exchange);
                        case "/publish" -> publisher.handleRequest(exchange);
                        default -> ResponseCodeHandler.HANDLE_404.handleRequest(exchange);
                    }
                })
                .build();
    }

    private static HttpHandler webSocket(WebSocketConnectionCallback callback) {
        var refusal = Handlers.header(
                new ResponseCodeHandler(StatusCodes.UPGRADE_REQUIRED), Headers.SEC_WEB_SOCKET_VERSION_STRING, "13");
        var handshake = new WebSocketProtocolHandshakeHandler(List.of(new Hybi13Handshake()), callback, refusal);
        return Handlers.predicate(WebSocketServer::asksForWebSocket, handshake, refusal);
    }

    /** Undertow's handshake looks at key and version only. */
    private static boolean asksForWebSocket(HttpServerExchange exchange) {
        return exchange.getProtocol().equals(Protocols.HTTP_1_1)
                && hasToken(exchange.getRequestHeaders().get(Headers.UPGRADE), "websocket")
                && hasToken(exchange.getRequestHeaders().get(Headers.CONNECTION), "upgrade");
    }

    private static boolean hasToken(HeaderValues values, String token) {
        return values != null
                && values.stream()
                        .flatMap(value -> Stream.of(value.split(",")))
                        .anyMatch(value -> value.trim().equalsIgnoreCase(token));
    }

    /** Returns once the socket listens; throws what the bind failed with as cause of a RuntimeException. */
    void listen() {
        undertow.start();
    }

    /**
     * Closes every connection with 1001, and returns when all are gone or some seconds have passed. The listener goes last,
     * because Undertow drops its connections with it.
     */
    void stop() {
        try {
            connections.closeAll(STOP_SECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        undertow.stop();
    }
}
