package c1mlab.vertx;

import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A share of the connections on an event loop of its own; all instances share the listening socket. */
final class ServerVerticle extends VerticleBase {
    private static final int CLOSING_SECONDS = 2;
    /** 16 bytes in Base64. */
    private static final Pattern KEY = Pattern.compile("[+/0-9A-Za-z]{22}==");

    private final HttpServerOptions options;
    private final Connections connections;

    ServerVerticle(HttpServerOptions options, Connections connections) {
        this.options = options;
        this.connections = connections;
    }

    /** What is the same for all instances; idle connections stay open by default, and HTTP/2 has no use here. */
    static HttpServerOptions options(int port, String address, int backlog) {
        return new HttpServerOptions()
                .setPort(port)
                .setHost(address)
                .setAcceptBacklog(backlog)
                .setMaxWebSocketFrameSize(Connection.MAX_MESSAGE_BYTES)
                .setMaxWebSocketMessageSize(Connection.MAX_MESSAGE_BYTES)
                .setWebSocketClosingTimeout(CLOSING_SECONDS)
                .setHttp2ClearTextEnabled(false)
                .setPerMessageWebSocketCompressionSupported(false)
                .setPerFrameWebSocketCompressionSupported(false);
    }

    @Override
    public Future<?> start() {
        var own = connections.newLoop(context);
        return vertx.createHttpServer(options)
                .requestHandler(request -> answer(request, own))
                .listen();
    }

    /** Decides here, and not in a handshake handler, which Vert.x asks only after refusals of its own. */
    private static void answer(HttpServerRequest request, Connections.OfLoop own) {
        var asMember = request.path().equals("/");
        if (!asMember && !request.path().equals("/publish")) {
            request.response().setStatusCode(404).end();
        } else if (!isUpgrade(request)) {
            request.response()
                    .setStatusCode(426)
                    .putHeader("Connection", "Upgrade")
                    .putHeader("Upgrade", "websocket")
                    .putHeader("Sec-WebSocket-Version", "13")
                    .end();
        } else if (!isComplete(request)) {
            request.response().setStatusCode(400).end();
        } else {
            // Vert.x looks at the first of several only.
            request.headers().set("Connection", "Upgrade");
            own.upgrade(request, asMember);
        }
    }

    /** To version 13 only: Vert.x speaks the drafts before RFC 6455 as well. */
    private static boolean isUpgrade(HttpServerRequest request) {
        var headers = request.headers();
        var connection = String.join(",", headers.getAll("Connection")).split(",");
        return request.method() == HttpMethod.GET
                && headers.contains("Upgrade", "websocket", true)
                && Stream.of(connection).anyMatch(token -> token.strip().equalsIgnoreCase("Upgrade"))
                && "13".equals(headers.get("Sec-WebSocket-Version"));
    }

    private static boolean isComplete(HttpServerRequest request) {
        var key = request.getHeader("Sec-WebSocket-Key");
        return request.version() == HttpVersion.HTTP_1_1
                && request.headers().getAll("Host").size() == 1
                && key != null
                && KEY.matcher(key).matches();
    }
}
