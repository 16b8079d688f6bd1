package c1mlab.spray

import akka.actor.{ ActorRef, Cancellable }
import akka.util.ByteString
import java.util.concurrent.atomic.AtomicInteger

/**
 * One message on its way to `members` members: a frame that is encoded once, and the writes that are not done yet. The sender
 * settles it once too, when it has asked all members.
 */
final class Broadcast(val frame: ByteString, members: Int, publisher: ActorRef, number: Int) {
  private val startedNanos = System.nanoTime()
  private val pending = new AtomicInteger(members + 1)
  private val failed = new AtomicInteger

  @volatile private var expiry = Option.empty[Cancellable]

  def isDone: Boolean = pending.get == 0

  /** The timer holds the frame: it goes when the broadcast is done. */
  def expireWith(timer: Cancellable): Unit = {
    expiry = Some(timer)
    if (isDone) timer.cancel()
  }

  /** One write is done or has failed; after the last the publisher's worker gets its answer. */
  def settle(success: Boolean): Unit = {
    if (!success) failed.incrementAndGet()
    if (pending.decrementAndGet() == 0) {
      expiry.foreach(_.cancel())
      val elapsedMicros = (System.nanoTime() - startedNanos) / 1000
      publisher ! Answers.Known(number, s"sent $members ${failed.get} $elapsedMicros")
    }
  }
}
