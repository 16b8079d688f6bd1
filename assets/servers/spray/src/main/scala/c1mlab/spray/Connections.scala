package c1mlab.spray

import akka.actor.{ Actor, ActorRef, DeadLetter, UnhandledMessage }
import akka.io.Tcp
import akka.pattern.ask
import akka.util.{ ByteString, Timeout }
import scala.collection.mutable
import scala.concurrent.Future
import scala.concurrent.duration._
import spray.can.websocket.FrameCommand
import spray.can.websocket.frame.{ CloseFrame, StatusCode }

object Connections {
  /** Registers a connection, and upgrades it thereafter: a client that has its answer gets every broadcast from then on. */
  final case class Join(connection: ActorRef, isMember: Boolean, requester: ActorRef, upgrade: Tcp.Command)

  /** The connection closes: it gets no more broadcasts. */
  final case class Leave(connection: ActorRef)

  /** The connection has ended. */
  final case class Gone(connection: ActorRef)

  /** A publisher's message; its worker is answered with the number. */
  final case class Publish(frame: ByteString, publisher: ActorRef, number: Int)

  /** A member is to be looked at again: it takes what came before this broadcast. */
  final case class Await(broadcast: Broadcast, member: ActorRef)

  private final case class Expire(broadcast: Broadcast)
  private case object CloseAll
  private case object WakeUpSelector

  /**
   * The JDK frees the descriptor of a closed channel in its selector's next round, for which Akka's selector waits until something
   * happens. To accept on, as it does anyway, makes it look round. Its only listener is the first actor of its only selector.
   */
  private val tcpListener = "/system/IO-TCP/selectors/$a/0"

  /** A member that has not taken a message after this time must not keep the publisher waiting for its answer. */
  private val sendTimeout = 10.seconds

  /** Closes every connection with 1001; completes when all are gone. */
  def closed(connections: ActorRef): Future[Any] = {
    implicit val timeout: Timeout = 1.minute
    connections ? CloseAll
  }
}

/** All open WebSockets. Broadcasts start here, one after the other, so every member gets them in the same order. */
class Connections extends Actor {
  import Connections._
  import context.dispatcher

  private val members = mutable.HashSet.empty[ActorRef]
  private val open = mutable.HashSet.empty[ActorRef]
  private var wakeUpDue = false
  private var stopper = Option.empty[ActorRef]

  /** What is sent to a connection that is about to end counts as failed. */
  override def preStart(): Unit = {
    context.system.eventStream.subscribe(self, classOf[DeadLetter])
    context.system.eventStream.subscribe(self, classOf[UnhandledMessage])
  }

  def receive: Receive = {
    case Join(connection, isMember, requester, upgrade) =>
      open += connection
      if (isMember) members += connection
      requester ! upgrade
      if (stopper.isDefined) close(connection)

    case Leave(connection) =>
      members -= connection

    case Gone(connection) =>
      members -= connection
      open -= connection
      answerStopper()
      if (!wakeUpDue) {
        wakeUpDue = true
        context.system.scheduler.scheduleOnce(1.second, self, WakeUpSelector)
      }

    case WakeUpSelector =>
      wakeUpDue = false
      context.actorSelection(tcpListener) ! Tcp.ResumeAccepting(Int.MaxValue)

    case Publish(frame, publisher, number) =>
      val broadcast = new Broadcast(frame, members.size, publisher, number)
      members.foreach(_ ! Output.Deliver(broadcast))
      broadcast.settle(success = true)
      broadcast.expireWith(context.system.scheduler.scheduleOnce(sendTimeout, self, Expire(broadcast)))

    case Await(broadcast, member) =>
      context.system.scheduler.scheduleOnce(sendTimeout, member, Output.Expire(broadcast))

    case Expire(broadcast) =>
      if (!broadcast.isDone) members.foreach(_ ! Output.Expire(broadcast))

    case DeadLetter(Output.Deliver(broadcast), _, _)       => broadcast.settle(success = false)
    case UnhandledMessage(Output.Deliver(broadcast), _, _) => broadcast.settle(success = false)
    case _: DeadLetter | _: UnhandledMessage               =>

    case CloseAll =>
      stopper = Some(sender())
      open.foreach(close)
      answerStopper()
  }

  private def close(connection: ActorRef): Unit = connection ! FrameCommand(CloseFrame(StatusCode.GoingAway))

  private def answerStopper(): Unit = if (open.isEmpty) stopper.foreach(_ ! true)
}
