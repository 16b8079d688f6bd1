package c1mlab.undertow;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.xnio.XnioIoThread;

/** One message on its way to all members, who share the bytes of its payload; its writes are counted until the last is done. */
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
    private final ByteBuffer payload;
    private final boolean text;
    private final Done done;

    /** Of the {@code threads} IO threads each must call {@link #send} once. */
    Broadcast(ByteBuffer payload, boolean text, int threads, Done done) {
        this.payload = payload;
        this.text = text;
        this.pending = new AtomicInteger(threads);
        this.done = done;
    }

    /**
     * Sends to the members of one IO thread, on that thread. A member for whom too much waits, or who has not taken this
     * message 10 s after all have been sent it, is closed.
     */
    void send(XnioIoThread thread, Member[] addressed) {
        var waiting = new ArrayList<Connection.Sending>();
        members.addAndGet(addressed.length);
        pending.addAndGet(addressed.length);
        for (var member : addressed) {
            if (member.pendingBytes() + payload.remaining() > MAX_PENDING_BYTES) {
                member.abort();
                settle(false);
            } else {
                var sending = member.send(payload.duplicate(), text, this);
                if (!sending.isSettled()) {
                    waiting.add(sending);
                }
            }
        }
        if (!waiting.isEmpty()) {
            thread.executeAfter(
                    () -> waiting.forEach(Connection.Sending::abortUnlessTaken), SEND_TIMEOUT_SECONDS, TimeUnit.SECONDS);
        }
        settle(true);
    }

    /** One of the writes is done. */
    void settle(boolean success) {
        if (!success) {
            failed.incrementAndGet();
        }
        if (pending.decrementAndGet() == 0) {
            done.broadcastDone(members.get(), failed.get(), (System.nanoTime() - startedNanos) / 1000);
        }
    }
}
