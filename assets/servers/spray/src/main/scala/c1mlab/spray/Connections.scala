package c1mlab.spray

import akka.actor.{ Actor, ActorRef, Props, Terminated }
import akka.io.Tcp
import scala.collection.mutable
import spray.can.Http
import spray.can.websocket.FrameCommand
import spray.can.websocket.frame.{ CloseFrame, Frame, StatusCode, TextFrame }

object Connections {
  /** Registers a connection, and has it upgraded thereafter: a client that has its 101 is a member. */
  final case class Join(connection: ActorRef, isMember: Boolean, upgrade: Tcp.Command)

  /** A publisher's message, answered to its connection. */
  final case class Publish(message: Frame)

  /** Too much waited for this member. */
  final case class CutOff(member: ActorRef)

  /** Closes every connection; answered when all have ended. */
  case object CloseAll
}

/** Gives every connection a worker, and knows all open WebSockets. Broadcasts start here, one after the other, so every member gets them in the same order. */
class Connections extends Actor {
  import Connections._

  private val open = mutable.HashSet.empty[ActorRef]
  private val members = mutable.HashSet.empty[ActorRef]
  private var failed = 0
  private var stopper = Option.empty[ActorRef]

  def receive: Receive = {
    case _: Http.Connected =>
      val connection = sender()
      connection ! Http.Register(context.actorOf(Props(new Worker(connection, self))))

    case Join(connection, isMember, upgrade) =>
      context.watch(connection)
      open += connection
      if (isMember) members += connection
      sender() ! upgrade

    case Publish(message) =>
      val startedNanos = System.nanoTime()
      members.foreach(_ ! Output.Push(message))
      // Connections take their messages later: those that could not are counted in the next answer.
      val answer = s"sent ${members.size} $failed ${(System.nanoTime() - startedNanos) / 1000}"
      sender() ! FrameCommand(TextFrame(answer))
      failed = 0

    // A publisher's connection gets these behind its answers.
    case back @ (_: Output.Finish | Output.CaughtUp) => sender() ! back

    case CutOff(member) =>
      if (members.remove(member)) failed += 1

    case Terminated(connection) =>
      members -= connection
      open -= connection
      answerStopper()

    case CloseAll =>
      stopper = Some(sender())
      open.foreach(_ ! FrameCommand(CloseFrame(StatusCode.GoingAway)))
      answerStopper()
  }

  private def answerStopper(): Unit = if (open.isEmpty) stopper.foreach(_ ! true)
}
