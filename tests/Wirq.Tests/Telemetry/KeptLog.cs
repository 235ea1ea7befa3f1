using Microsoft.Extensions.Logging;

namespace Wirq.Tests.Telemetry;

/// <summary>A log that keeps its lines.</summary>
internal sealed class KeptLog : ILoggerFactory
{
    internal List<(string Category, LogLevel Level, int Id, string Text)> Lines { get; } = [];

    internal LogLevel Least { get; set; } = LogLevel.Trace;

    internal IEnumerable<string> Of(int id) => Lines.Where(line => line.Id == id).Select(line => line.Text);

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose() { }

    private sealed class Logger(KeptLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= log.Least;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            log.Lines.Add((category, logLevel, eventId.Id, formatter(state, exception)));
    }
}
