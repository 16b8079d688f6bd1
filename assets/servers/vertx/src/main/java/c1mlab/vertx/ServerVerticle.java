package c1mlab.vertx;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.ServerWebSocketHandshake;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** A share of the connections, on an event loop of its own. */
final class ServerVerticle extends VerticleBase {
    /** Every open connection. */
    static final Set<ServerWebSocket> SOCKETS = ConcurrentHashMap.newKeySet();

    private static final List<ServerVerticle> VERTICLES = new CopyOnWriteArrayList<>();
    /** What may wait for one client, in bytes, before its write queue is full. */
    private static final int MAX_WAITING_BYTES = 4 << 20;

    private final HttpServerOptions options;
    private final Set<ServerWebSocket> members = new HashSet<>();

    ServerVerticle(HttpServerOptions options) {
        this.options = options;
    }

    @Override
    public Future<?> start() {
        VERTICLES.add(this);
        return vertx.createHttpServer(options)
                .requestHandler(request -> request.response().setStatusCode(404).end())
                .webSocketHandshakeHandler(ServerVerticle::choose)
                .webSocketHandler(this::open)
                .listen();
    }

    private static void choose(ServerWebSocketHandshake handshake) {
        if (handshake.path().equals("/") || handshake.path().equals("/publish")) {
            handshake.accept();
        } else {
            handshake.reject(404);
        }
    }

    private void open(ServerWebSocket socket) {
        SOCKETS.add(socket);
        socket.closeHandler(closed -> {
            SOCKETS.remove(socket);
            members.remove(socket);
        });
        // Such as a message that is too long, which Vert.x only reports.
        socket.exceptionHandler(error -> socket.close());
        socket.setWriteQueueMaxSize(MAX_WAITING_BYTES);
        socket.frameHandler(frame -> {
            if (socket.writeQueueFull()) {
                // Not at once: after this handler Vert.x demands one more frame for each ping, which would undo the pause.
                context.runOnContext(handled -> pauseIfFull(socket));
            }
        });
        if (socket.path().equals("/")) {
            members.add(socket);
            socket.textMessageHandler(socket::writeTextMessage);
            socket.binaryMessageHandler(socket::writeBinaryMessage);
        } else {
            socket.textMessageHandler(text -> publish(socket, member -> member.writeTextMessage(text)));
            socket.binaryMessageHandler(data -> publish(socket, member -> member.writeBinaryMessage(data)));
        }
    }

    /** A client that does not read what it gets is not read from. */
    private static void pauseIfFull(ServerWebSocket socket) {
        if (socket.writeQueueFull()) {
            socket.pause();
            socket.drainHandler(drained -> socket.resume());
        }
    }

    /** How many members a message was addressed to, and how many of them could not take it. */
    private record Sent(int members, int failed) {}

    private static void publish(ServerWebSocket publisher, Consumer<ServerWebSocket> send) {
        var began = System.nanoTime();
        var sending = VERTICLES.stream().map(verticle -> verticle.send(send)).toList();
        Future.all(sending).onSuccess(all -> {
            List<Sent> sent = all.list();
            publisher.writeTextMessage("sent %d %d %d".formatted(
                    sent.stream().mapToInt(Sent::members).sum(),
                    sent.stream().mapToInt(Sent::failed).sum(),
                    (System.nanoTime() - began) / 1000));
        });
    }

    /** Sends to the members of this verticle, on its event loop. */
    private Future<Sent> send(Consumer<ServerWebSocket> send) {
        Promise<Sent> sent = Promise.promise();
        context.runOnContext(now -> {
            var addressed = List.copyOf(members);
            for (var member : addressed) {
                if (member.writeQueueFull()) {
                    members.remove(member);
                    member.close();
                } else {
                    send.accept(member);
                }
            }
            sent.complete(new Sent(addressed.size(), addressed.size() - members.size()));
        });
        return sent.future();
    }
}
