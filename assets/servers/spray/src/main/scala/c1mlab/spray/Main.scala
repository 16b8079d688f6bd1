package c1mlab.spray

import akka.actor.{ Actor, ActorRef, ActorSystem, Props, Terminated }
import akka.io.IO
import akka.pattern.{ ask, gracefulStop }
import akka.util.Timeout
import scala.collection.mutable
import scala.concurrent.Await
import scala.concurrent.duration._
import scala.util.Try
import spray.can.Http
import spray.can.server.UHttp
import spray.can.websocket.FrameCommand
import spray.can.websocket.frame.{ Frame, TextFrame }

/** What the server and its workers tell each other. */
object Server {
  case object Join
  final case class Publish(message: Frame)
  final case class Push(message: Frame)
  case object CutOff
  case object Stop
}

/** Gives every connection a worker, and pushes what is published to the workers of members, one message after the other. */
class Server extends Actor {
  import Server._

  private val members = mutable.HashSet.empty[ActorRef]
  private var failed = 0

  def receive: Receive = {
    case _: Http.Connected =>
      val connection = sender()
      connection ! Http.Register(context.watch(context.actorOf(Props(new Worker(connection)))))
    case Join => members += sender()

    case Publish(message) =>
      val began = System.nanoTime()
      members.foreach(_ ! Push(message))
      val elapsedMicros = (System.nanoTime() - began) / 1000
      // Workers take their messages later: those that could not are counted in the next answer.
      sender() ! FrameCommand(TextFrame(s"sent ${members.size} $failed $elapsedMicros"))
      failed = 0
    case CutOff => if (members.remove(sender())) failed += 1
    case Terminated(worker) => members -= worker

    case Stop =>
      context.children.foreach(_ ! Stop)
      context.become { case Terminated(_) => stopIfAlone() }
      stopIfAlone()
  }

  private def stopIfAlone(): Unit = if (context.children.isEmpty) context.stop(self)
}

object Main {
  def main(args: Array[String]): Unit = {
    implicit val system: ActorSystem = ActorSystem("c1mlab")
    implicit val timeout: Timeout = 6.seconds
    val server = system.actorOf(Props[Server], "server")
    val port = sys.env("C1M_PORT").toInt
    val bind = Http.Bind(server, interface = sys.env("C1M_ADDRESS"), port = port, backlog = sys.env("C1M_BACKLOG").toInt)
    Await.result(IO(UHttp) ? bind, timeout.duration) match {
      case _: Http.Bound =>
      case failed =>
        System.err.println(s"spray: cannot listen: $failed")
        Runtime.getRuntime.halt(1)
    }
    sys.addShutdownHook {
      Try(Await.ready(gracefulStop(server, timeout.duration, Server.Stop), timeout.duration))
      println(s"""{"event":"stopped","port":$port}""")
      // A JVM that a signal ends has exit code 143, unless its last hook halts it.
      Runtime.getRuntime.halt(0)
    }
    println(s"""{"event":"listening","port":$port,"server":"spray","version":"1.3.4"}""")
  }
}
