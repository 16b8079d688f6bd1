package c1mlab.spray

import akka.actor.{ ActorSystem, Props }
import akka.io.Tcp
import akka.pattern.ask
import akka.util.Timeout
import java.net.InetSocketAddress
import scala.concurrent.Await
import scala.concurrent.duration._
import scala.util.Try
import spray.can.server.PullingListener
import sun.misc.{ Signal, SignalHandler }

object Main {
  def main(args: Array[String]): Unit = {
    implicit val system: ActorSystem = ActorSystem("c1mlab")
    implicit val timeout: Timeout = 6.seconds
    val connections = system.actorOf(Props[Connections], "connections")
    val port = sys.env("C1M_PORT").toInt
    val endpoint = new InetSocketAddress(sys.env("C1M_ADDRESS"), port)
    val listener = system.actorOf(Props(new PullingListener(connections, endpoint, sys.env("C1M_BACKLOG").toInt)), "listener")
    Await.result(listener.ask(PullingListener.Bind)(1.minute), 1.minute) match {
      case _: Tcp.Bound =>
      case failed =>
        System.err.println(s"spray: cannot listen: $failed")
        Runtime.getRuntime.halt(1)
    }
    // Not a shutdown hook: Akka ends the JVM by itself after a fatal error, and that must not look like a clean stop.
    Signal.handle(new Signal("TERM"), new SignalHandler {
      override def handle(signal: Signal): Unit = {
        Try(Await.ready(connections ? Connections.CloseAll, timeout.duration))
        println(s"""{"event":"stopped","port":$port}""")
        Runtime.getRuntime.halt(0)
      }
    })
    println(s"""{"event":"listening","port":$port,"server":"spray","version":"1.3.4"}""")
  }
}
