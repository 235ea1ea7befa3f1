using Microsoft.Extensions.Logging;
using Wirq.Host;

namespace Wirq.Telemetry;

/// <summary>A host that logs, or is measured.</summary>
public static class TelemetryHostBuilder
{
    /// <summary>Logs what an operator should hear of: <see cref="FabricLog"/>. Observations are made then.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="loggers">Where loggers come from. It stays its owner's.</param>
    public static FabricHostBuilder UseLogging(this FabricHostBuilder builder, ILoggerFactory loggers)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(loggers);
        return builder.Observe(fabric => new FabricLog(loggers, fabric.RouteCache?.Budget ?? 0));
    }

    /// <summary>Counts what the machine does: <see cref="FabricMetrics"/>. Observations are made while somebody
    /// listens.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="metrics">The instruments, of this machine alone. They stay their owner's.</param>
    public static FabricHostBuilder UseMetrics(this FabricHostBuilder builder, FabricMetrics metrics)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Observe(metrics);
    }
}
