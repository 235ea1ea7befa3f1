using Wirq.Linux;
using Wirq.Routing;

namespace Wirq.Board.Tests.Twins;

/// <summary>The counts of eventfds that others own.</summary>
internal static class Counts
{
    internal static bool IsReadable(EventFd fd) => EventCounter.IsReadable(fd.Number);

    internal static void Write(EventFd fd) => EventCounter.Add(fd.Number);
}
