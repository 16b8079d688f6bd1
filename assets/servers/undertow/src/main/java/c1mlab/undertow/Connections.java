package c1mlab.undertow;

import io.undertow.websockets.core.CloseMessage;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.xnio.XnioIoThread;

/** All open WebSockets, kept by IO thread: each thread reads and changes its own sets only, so nothing is locked. */
final class Connections {
    private static final class OfThread {
        final Set<Member> members = new HashSet<>();
        final Set<Publisher> publishers = new HashSet<>();
    }

    private final Map<XnioIoThread, OfThread> byThread = new ConcurrentHashMap<>();
    private volatile boolean stopping;
    private final AtomicInteger open = new AtomicInteger();

    /** Runs the task on the thread, at once if that is the caller's. */
    static void run(XnioIoThread thread, Runnable task) {
        if (Thread.currentThread() == thread) {
            task.run();
        } else {
            thread.execute(task);
        }
    }

    void join(Connection connection) {
        open.incrementAndGet();
        var own = byThread.computeIfAbsent(connection.thread(), thread -> new OfThread());
        run(connection.thread(), () -> {
            if (stopping) {
                connection.close(CloseMessage.GOING_AWAY);
            } else if (connection instanceof Member member) {
                own.members.add(member);
            } else if (connection instanceof Publisher publisher) {
                own.publishers.add(publisher);
            }
        });
    }

    /** The connection gets no more broadcasts. */
    void leave(Connection connection) {
        run(connection.thread(), () -> {
            var own = byThread.get(connection.thread());
            if (!own.members.remove(connection)) {
                own.publishers.remove(connection);
            }
        });
    }

    /** The connection's socket is closed. */
    void closed(Connection connection) {
        leave(connection);
        open.decrementAndGet();
    }

    /** Sends the payload to all who are members now; {@code done} is called on one of the IO threads. */
    void broadcast(ByteBuffer payload, boolean text, Broadcast.Done done) {
        var threads = List.copyOf(byThread.entrySet());
        var broadcast = new Broadcast(payload, text, threads.size(), done);
        threads.forEach(entry -> entry.getKey()
                .execute(() -> broadcast.send(entry.getKey(), entry.getValue().members.toArray(new Member[0]))));
    }

    /** Closes every connection with 1001 and returns when all are gone or {@code seconds} have passed; not for an IO thread. */
    void closeAll(int seconds) throws InterruptedException {
        var deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        stopping = true;
        byThread.forEach((thread, own) -> thread.execute(() -> {
            var all = new ArrayList<Connection>(own.members);
            all.addAll(own.publishers);
            all.forEach(connection -> connection.close(CloseMessage.GOING_AWAY));
        }));
        while (open.get() > 0 && System.nanoTime() < deadlineNanos) {
            Thread.sleep(10);
        }
    }
}
