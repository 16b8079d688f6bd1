package spray.can.server

import akka.actor.{ Actor, ActorRef, Props, SupervisorStrategy }
import akka.io.{ IO, Tcp }
import java.net.InetSocketAddress
import spray.io.{ PipelineContext, PipelineStage, Pipelines }

/**
 * spray-websocket's listener, but that Akka reads from a connection when it is told to: otherwise Akka goes on reading until the
 * connection's actor has had a processor to say stop, and a client of 64 MiB may be done by then. In this package, because spray's
 * connections are private to it.
 */
class PullingListener(connections: ActorRef, endpoint: InetSocketAddress, backlog: Int) extends Actor {
  private val settings = ServerSettings(context.system)
  private val stage = UpgradableHttpListener.pipelineStage(settings, Some(new StatsSupport.StatsHolder)) >> PullingListener.ReadOnceEach
  private var accepted = 0

  override def supervisorStrategy: SupervisorStrategy = SupervisorStrategy.stoppingStrategy

  def receive: Receive = {
    case PullingListener.Bind =>
      IO(Tcp)(context.system) ! Tcp.Bind(self, endpoint, backlog, pullMode = true)
      context.become(binding(sender()))
  }

  private def binding(commander: ActorRef): Receive = {
    case bound: Tcp.Bound =>
      accept(sender())
      context.become(accepting(sender()))
      commander ! bound
    case failed => commander ! failed
  }

  private def accepting(tcpListener: ActorRef): Receive = {
    case Tcp.Connected(remote, local) =>
      val connection = sender()
      context.actorOf(Props(new HttpServerConnection(connection, connections, stage, remote, local, settings)))
      accepted += 1
      if (accepted == PullingListener.acceptedMost) accept(tcpListener)
  }

  /** Connections are taken without being asked for, as without pull mode: its count starts again long before it ends. */
  private def accept(tcpListener: ActorRef): Unit = {
    accepted = 0
    tcpListener ! Tcp.ResumeAccepting(Int.MaxValue)
  }
}

object PullingListener {
  /** Answered with what Akka answers: `Tcp.Bound`, or that it failed. */
  case object Bind

  private val acceptedMost = 1 << 20

  /** Has each read followed by the next, unless reading is suspended: then by one when it is resumed. */
  private object ReadOnceEach extends PipelineStage {
    def apply(context: PipelineContext, commandPL: CPL, eventPL: EPL): Pipelines = new Pipelines {
      private var isSuspended = false
      private var isReadWanted = true

      val commandPipeline: CPL = {
        case Tcp.SuspendReading => isSuspended = true
        case Tcp.ResumeReading =>
          isSuspended = false
          readWhenWanted()
        case command => commandPL(command)
      }

      val eventPipeline: EPL = {
        case event: Tcp.Received =>
          isReadWanted = true
          eventPL(event)
          readWhenWanted()
        case event => eventPL(event)
      }

      readWhenWanted()

      private def readWhenWanted(): Unit = if (isReadWanted && !isSuspended) {
        isReadWanted = false
        commandPL(Tcp.ResumeReading)
      }
    }
  }
}
