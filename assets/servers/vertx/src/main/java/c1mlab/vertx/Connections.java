package c1mlab.vertx;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.ServerWebSocket;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/** All open WebSockets, kept by event loop: each loop reads and changes its own sets only, so nothing is locked. */
final class Connections {
    private final List<OfLoop> loops = new CopyOnWriteArrayList<>();
    private final AtomicInteger open = new AtomicInteger();

    /** The connections of one event loop. */
    final class OfLoop {
        private final Context context;
        private final Set<Connection> members = new HashSet<>();
        private final Set<Connection> publishers = new HashSet<>();
        private boolean stopping;

        private OfLoop(Context context) {
            this.context = context;
        }

        /** Counts the connection from before its client is told, so that a server that stops waits for it. */
        void upgrade(HttpServerRequest request, boolean asMember) {
            open.incrementAndGet();
            request.toWebSocket()
                    .onSuccess(socket -> open(socket, asMember))
                    .onFailure(error -> open.decrementAndGet());
        }

        private void open(ServerWebSocket socket, boolean asMember) {
            var connection = asMember ? new Member(this, socket) : new Publisher(this, socket);
            (asMember ? members : publishers).add(connection);
            connection.start();
            if (stopping) {
                connection.close(Connection.GOING_AWAY);
            }
        }

        /** The connection gets no more broadcasts. */
        void leave(Connection connection) {
            if (!members.remove(connection)) {
                publishers.remove(connection);
            }
        }

        /** The connection's socket is closed. */
        void closed(Connection connection) {
            leave(connection);
            open.decrementAndGet();
        }

        void run(Runnable task) {
            context.runOnContext(now -> task.run());
        }

        void after(int seconds, Runnable task) {
            context.owner().setTimer(TimeUnit.SECONDS.toMillis(seconds), timer -> task.run());
        }

        /** Sends the message to all who are members now, on all loops. */
        void broadcast(int bytes, Function<Connection, Future<Void>> send, Broadcast.Done done) {
            var all = List.copyOf(loops);
            var broadcast = new Broadcast(bytes, send, all.size(), done);
            all.forEach(loop -> loop.run(() -> broadcast.send(loop, loop.members.toArray(new Connection[0]))));
        }

        private void closeAll() {
            stopping = true;
            var all = new ArrayList<>(members);
            all.addAll(publishers);
            all.forEach(connection -> connection.close(Connection.GOING_AWAY));
        }
    }

    /** To be called once for each event loop. */
    OfLoop newLoop(Context context) {
        var loop = new OfLoop(context);
        loops.add(loop);
        return loop;
    }

    /** Closes every connection with 1001 and returns when all are gone or {@code seconds} have passed; not for an event loop. */
    void closeAll(int seconds) {
        var deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        loops.forEach(loop -> loop.run(loop::closeAll));
        try {
            while (open.get() > 0 && System.nanoTime() < deadlineNanos) {
                Thread.sleep(10);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
