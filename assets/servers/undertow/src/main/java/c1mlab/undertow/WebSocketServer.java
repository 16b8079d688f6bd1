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
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.xnio.Options;

/** Undertow with two WebSocket paths, and an IO thread for each processor. */
final class WebSocketServer {
    private static final int STOP_SECONDS = 5;
    /** 16 bytes in base64. */
    private static final Pattern KEY = Pattern.compile("[+/0-9A-Za-z]{22}==");

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
                    switch (path(exchange)) {
                        case "/" -> member.handleRequest(exchange);
                        case "/publish" -> publisher.handleRequest(exchange);
                        default -> ResponseCodeHandler.HANDLE_404.handleRequest(exchange);
                    }
                })
                .build();
    }

    /** Undertow takes path parameters out of the path; a path that has some is another one. */
    private static String path(HttpServerExchange exchange) {
        return exchange.getRequestURI().indexOf(';') < 0 ? exchange.getRequestPath() : exchange.getRequestURI();
    }

    private static HttpHandler webSocket(WebSocketConnectionCallback callback) {
        var refusal = upgradeRequired();
        var handshake = new WebSocketProtocolHandshakeHandler(List.of(new Hybi13Handshake()), callback, refusal);
        var keyed = Handlers.predicate(
                WebSocketServer::hasKey, handshake, new ResponseCodeHandler(StatusCodes.BAD_REQUEST));
        return Handlers.predicate(WebSocketServer::asksForWebSocket, keyed, refusal);
    }

    private static HttpHandler upgradeRequired() {
        return exchange -> {
            exchange.setStatusCode(StatusCodes.UPGRADE_REQUIRED);
            exchange.getResponseHeaders()
                    .put(Headers.UPGRADE, "websocket")
                    .put(Headers.CONNECTION, "Upgrade")
                    .put(Headers.SEC_WEB_SOCKET_VERSION, "13");
        };
    }

    /** Undertow's handshake looks at the version only, whether there is a key, and for a method that is GET in any case. */
    private static boolean asksForWebSocket(HttpServerExchange exchange) {
        return exchange.getProtocol().equals(Protocols.HTTP_1_1)
                && exchange.getRequestMethod().toString().equals("GET")
                && hasToken(exchange.getRequestHeaders().get(Headers.UPGRADE), "websocket")
                && hasToken(exchange.getRequestHeaders().get(Headers.CONNECTION), "upgrade");
    }

    private static boolean hasKey(HttpServerExchange exchange) {
        var keys = exchange.getRequestHeaders().get(Headers.SEC_WEB_SOCKET_KEY);
        return keys != null && keys.size() == 1 && KEY.matcher(keys.getFirst()).matches();
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
