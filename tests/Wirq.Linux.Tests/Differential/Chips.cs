using System.Runtime.ExceptionServices;

namespace Wirq.Linux.Tests.Differential;

/// <summary>Code that the comparisons with KVM's chips share.</summary>
internal static class Chips
{
    /// <summary>Runs a comparison on the host's KVM, which may take as long as its operations do.</summary>
    internal static void Compare(Action<KvmSystem> comparison)
    {
        using KvmSystem system = KvmHost.Require();
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                comparison(system);
            }
            catch (Exception thrown)
            {
                failure = ExceptionDispatchInfo.Capture(thrown);
            }
        })
        { IsBackground = true };
        thread.Start();
        TimeSpan bound = Differential<int>.Bound + TimeSpan.FromSeconds(60);
        Assert.True(thread.Join(bound), $"KVM did not answer within {bound.TotalSeconds} s");
        failure?.Throw();
    }
}
