package c1mlab.vertx;

import io.vertx.core.Future;
import java.util.HashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/** One message of {@code bytes} on its way to all members, each of whom {@code send} sends it to; its writes are counted until the last is done. */
final class Broadcast {
    /** Hears of the end of a broadcast: whom it was for, how many did not get it, and microseconds since it was received. */
    interface Done {
        void broadcastDone(int members, int failed, long elapsedMicros);
    }

    /** What may wait for one member, in bytes (the contract's bound for slow readers). */
    private static final int MAX_PENDING_BYTES = 4 << 20;
    /** A member who has not taken a message after this time must not keep the publisher waiting for its answer. */
    private static final int SEND_TIMEOUT_SECONDS = 10;

    private final long startedNanos = System.nanoTime();
    private final AtomicInteger members = new AtomicInteger();
    private final AtomicInteger failed = new AtomicInteger();
    private final AtomicInteger pending;
    private final int bytes;
    private final Function<Connection, Future<Void>> send;
    private final Done done;

    /** Of the {@code loops} event loops each must call {@link #send} once. */
    Broadcast(int bytes, Function<Connection, Future<Void>> send, int loops, Done done) {
        this.bytes = bytes;
        this.send = send;
        this.pending = new AtomicInteger(loops);
        this.done = done;
    }

    /** Sends to the members of one event loop, on that loop; members who have not read enough are closed. */
    void send(Connections.OfLoop loop, Connection[] addressed) {
        members.addAndGet(addressed.length);
        pending.addAndGet(addressed.length);
        var waiting = new HashMap<Connection, Future<Void>>();
        for (var member : addressed) {
            if (member.pendingBytes() + bytes > MAX_PENDING_BYTES) {
                member.abort();
                settle(false);
                continue;
            }
            var sent = send.apply(member).onComplete(result -> settle(result.succeeded()));
            if (!sent.isComplete()) {
                waiting.put(member, sent);
            }
        }
        if (!waiting.isEmpty()) {
            loop.after(SEND_TIMEOUT_SECONDS, () -> waiting.forEach((member, sent) -> {
                if (!sent.isComplete()) {
                    member.abort();
                }
            }));
        }
        settle(true);
    }

    /** One of the writes is done. */
    private void settle(boolean success) {
        if (!success) {
            failed.incrementAndGet();
        }
        if (pending.decrementAndGet() == 0) {
            done.broadcastDone(members.get(), failed.get(), (System.nanoTime() - startedNanos) / 1000);
        }
    }
}
