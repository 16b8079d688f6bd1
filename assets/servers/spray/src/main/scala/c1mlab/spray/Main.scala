package c1mlab.spray

import akka.actor.{ ActorSystem, Props }
import java.net.{ InetSocketAddress, ServerSocket }
import scala.concurrent.Await
import scala.concurrent.duration._
import scala.util.{ Failure, Try }
import sun.misc.{ Signal, SignalHandler }

/** Reads the contract's environment (checked by `start`), runs the server, and reports what the contract asks for. */
object Main {
  private val version = "1.3.4"

  def main(args: Array[String]): Unit = {
    val port = sys.env("C1M_PORT").toInt
    val address = sys.env("C1M_ADDRESS")
    val endpoint = new InetSocketAddress(address, port)
    val system = ActorSystem("c1mlab")
    val connections = system.actorOf(Props[Connections], "connections")
    val listener = system.actorOf(Props(new Listener(endpoint, sys.env("C1M_BACKLOG").toInt, connections)), "listener")

    if (!Await.result(Listener.bound(listener), 1.minute)) {
      System.err.println(s"spray: cannot listen on $address port $port: ${whyNot(endpoint)}")
      Runtime.getRuntime.halt(1)
    }

    // Not a shutdown hook: Akka ends the JVM by itself after a fatal error, and that must not look like a clean stop.
    Signal.handle(new Signal("TERM"), new SignalHandler {
      override def handle(signal: Signal): Unit = {
        Try(Await.ready(Listener.unbound(listener), 1.second))
        Try(Await.ready(Connections.closed(connections), 5.seconds))
        println(s"""{"event":"stopped","port":$port}""")
        Console.flush()
        Runtime.getRuntime.halt(0)
      }
    })
    println(s"""{"event":"listening","port":$port,"server":"spray","version":"$version"}""")
    Console.flush()
  }

  /** Akka does not say why a bind failed: the same bind without Akka does. */
  private def whyNot(endpoint: InetSocketAddress): String = Try {
    val socket = new ServerSocket
    try socket.bind(endpoint) finally socket.close()
  } match {
    case Failure(error) => error.getMessage
    case _              => "it was refused"
  }
}
