package spray.can.server

import akka.actor.{ Actor, Props, SupervisorStrategy }
import akka.io.{ IO, Inet, Tcp }
import java.net.InetSocketAddress
import spray.io.{ PipelineContext, PipelineStage, Pipelines }

/**
 * Binds a socket whose connections are read on request, in place of spray's own listener, which cannot ask Akka for that and whose
 * package this is because spray keeps the parts to itself. Its parent is told what spray's listener would tell; the sender of
 * `Bound` is Akka's.
 */
class PullingListener(endpoint: InetSocketAddress, backlog: Int) extends Actor {
  import context.system

  private val settings = ServerSettings(system)
  private val pipeline = UpgradableHttpListener.pipelineStage(settings, None) >> ReadOnRequest

  override def supervisorStrategy: SupervisorStrategy = SupervisorStrategy.stoppingStrategy

  IO(Tcp) ! Tcp.Bind(self, endpoint, backlog, List(Inet.SO.ReuseAddress(true)), pullMode = true)

  def receive: Receive = {
    case bound: Tcp.Bound =>
      // Connections are accepted on request too; this one lasts.
      sender() ! Tcp.ResumeAccepting(Int.MaxValue)
      context.parent.forward(bound)

    case failed: Tcp.CommandFailed =>
      context.parent ! failed

    case Tcp.Connected(remote, local) =>
      val connection = sender()
      context.actorOf(Props(new HttpServerConnection(connection, context.parent, pipeline, remote, local, settings)))
  }
}

/**
 * The first stage at the socket: asks for more when what was read has been dealt with and nobody above wants to wait. Without it Akka
 * reads as fast as a client sends, and what it has read waits in memory until the connection's actor has its turn.
 */
private object ReadOnRequest extends PipelineStage {
  def apply(context: PipelineContext, commandPL: CPL, eventPL: EPL): Pipelines = new Pipelines {
    private var requested = false
    private var suspended = false
    request()

    val commandPipeline: CPL = {
      // A read that was requested before may still come.
      case Tcp.SuspendReading =>
        suspended = true

      case Tcp.ResumeReading =>
        suspended = false
        request()

      case command => commandPL(command)
    }

    val eventPipeline: EPL = {
      case received: Tcp.Received =>
        requested = false
        eventPL(received)
        if (!suspended) request()

      case event => eventPL(event)
    }

    private def request(): Unit = if (!requested) {
      requested = true
      commandPL(Tcp.ResumeReading)
    }
  }
}
