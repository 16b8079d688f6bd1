package c1mlab.vertx;

import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.ServerWebSocketHandshake;

/** A share of the connections on an event loop of its own; all instances share the listening socket. */
final class ServerVerticle extends VerticleBase {
    private static final int CLOSING_SECONDS = 2;

    private final HttpServerOptions options;
    private final Connections connections;

    ServerVerticle(HttpServerOptions options, Connections connections) {
        this.options = options;
        this.connections = connections;
    }

    /** What is the same for all instances; idle connections stay open by default. */
    static HttpServerOptions options(int port, String address, int backlog) {
        return new HttpServerOptions()
                .setPort(port)
                .setHost(address)
                .setAcceptBacklog(backlog)
                .setMaxWebSocketFrameSize(Connection.MAX_MESSAGE_BYTES)
                .setMaxWebSocketMessageSize(Connection.MAX_MESSAGE_BYTES)
                .setWebSocketClosingTimeout(CLOSING_SECONDS)
                .setPerMessageWebSocketCompressionSupported(false)
                .setPerFrameWebSocketCompressionSupported(false);
    }

    @Override
    public Future<?> start() {
        var own = connections.newLoop(context);
        return vertx.createHttpServer(options)
                .webSocketHandshakeHandler(ServerVerticle::decide)
                .webSocketHandler(socket -> own.open(socket, socket.path().equals("/")))
                .requestHandler(request -> request.response()
                        .setStatusCode(isKnown(request.path()) ? 426 : 404)
                        .putHeader("Connection", "close")
                        .end())
                .listen();
    }

    private static void decide(ServerWebSocketHandshake handshake) {
        if (!isKnown(handshake.path())) {
            handshake.reject(404);
        } else if (!handshake.headers().contains("Sec-WebSocket-Version", "13", false)) {
            // Vert.x speaks the drafts before RFC 6455 as well.
            handshake.reject(426);
        } else {
            handshake.accept();
        }
    }

    private static boolean isKnown(String path) {
        return path.equals("/") || path.equals("/publish");
    }
}
