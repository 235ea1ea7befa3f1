using System.Net.Sockets;
using System.Runtime.InteropServices;
using Wirq.Linux.Interop;

namespace Wirq.Linux;

/// <summary>Hands a machine over to a new process, over a connected Unix stream socket: the snapshot, states of the caller's
/// own, eventfds and guest memory. Descriptors travel by SCM_RIGHTS (unix(7)).</summary>
/// <remarks>
/// <para>The order: the old side suspends and saves its machine, and calls <see cref="HandOver"/>. The new side calls
/// <see cref="Receive"/>, restores everything and calls <see cref="LiveUpdateReceipt.TryTake"/>. With that the old side
/// lets go, if it has not given up. Only then does the new side resume the machine, start the CPUs, and call
/// <see cref="LiveUpdateReceipt.Confirm"/>. So there is no time in which both may resume it, and whatever happens before
/// the new side is told to go on costs nothing: the old side resumes, and what devices wrote is still in the
/// eventfds.</para>
/// <para>Each side treats the other as hostile: lengths are bounded, descriptors counted and checked, and if anything
/// fails, every descriptor that came is closed. Who may connect to the socket is the caller's affair.</para>
/// </remarks>
public static class LiveUpdate
{
    /// <summary>Hands a machine over, and waits for the answer. A peer that dies, refuses, is late or talks nonsense is no
    /// exception: until it is told to go on it makes <see cref="LiveUpdateAnswer.Failed"/>.</summary>
    /// <param name="peer">The connection to the new process.</param>
    /// <param name="parcel">The machine, which is suspended.</param>
    /// <param name="patience">How long the new side may take until it could take the machine over, and as long again until
    /// it has.</param>
    /// <exception cref="ArgumentException">The socket is no Unix stream socket, or a name is empty or longer than 255 bytes of
    /// UTF-8.</exception>
    /// <exception cref="ObjectDisposedException">A descriptor of the parcel is closed.</exception>
    public static LiveUpdateOutcome HandOver(Socket peer, LiveUpdateParcel parcel, TimeSpan patience)
    {
        ArgumentNullException.ThrowIfNull(parcel);
        var channel = new UpdateChannel(peer, patience);
        byte[] bytes = ParcelFormat.Write(parcel);
        bool told = false, refused = false;
        try
        {
            channel.Send(bytes);
            Send(channel, [.. parcel.EventFds, .. parcel.Descriptors.Values]);
            Expect(channel, UpdateWord.Ready, ref refused);
            channel.Restart();
            told = true;
            new UpdateWord(UpdateWord.Go, "").Send(channel);
            Expect(channel, UpdateWord.Taken, ref refused);
            return new LiveUpdateOutcome(LiveUpdateAnswer.Taken, "");
        }
        catch (LiveUpdateException failure)
        {
            // A connection that ends does not say that its process has.
            if (told && !refused)
                return new LiveUpdateOutcome(LiveUpdateAnswer.NotKnown, failure.Message);
            new UpdateWord(UpdateWord.Failed, failure.Message).TrySend(channel);
            return new LiveUpdateOutcome(LiveUpdateAnswer.Failed, failure.Message);
        }
    }

    /// <summary>Receives a machine. Dispose of the receipt: if the machine was not taken, that says so to the old side, and
    /// closes every descriptor.</summary>
    /// <param name="peer">The connection to the old process.</param>
    /// <param name="patience">How long the old side may take to send everything, and as long again until it lets go of the
    /// machine.</param>
    /// <param name="limits">How much is accepted; null for the default.</param>
    /// <exception cref="LiveUpdateException">What came cannot be accepted, or did not come in time. Every descriptor that came
    /// is closed, and the old side knows.</exception>
    /// <exception cref="ArgumentException">The socket is no Unix stream socket.</exception>
    public static LiveUpdateReceipt Receive(Socket peer, TimeSpan patience, LiveUpdateLimits? limits = null)
    {
        var channel = new UpdateChannel(peer, patience);
        var receipt = new LiveUpdateReceipt(channel);
        try
        {
            receipt.Read(limits ?? new());
            return receipt;
        }
        catch (LiveUpdateException failure)
        {
            receipt.Refuse(failure.Message);
            throw;
        }
        finally
        {
            receipt.DisposeUnlessComplete();
        }
    }

    private static void Expect(UpdateChannel channel, char letter, ref bool refused)
    {
        UpdateWord word = UpdateWord.Receive(channel);
        refused = word.Letter == UpdateWord.Failed;
        if (refused)
            throw new LiveUpdateException($"the new side refuses: {word.Text}");
        if (word.Letter != letter)
            throw new LiveUpdateException("the other side does not keep to the order of a live update");
    }

    private static void Send(UpdateChannel channel, FileDescriptor[] descriptors)
    {
        int held = 0;
        try
        {
            var numbers = new int[descriptors.Length];
            for (; held < descriptors.Length; held++)
            {
                bool got = false;
                descriptors[held].DangerousAddRef(ref got);
                numbers[held] = (int)descriptors[held].DangerousGetHandle();
            }
            channel.Send(numbers);
        }
        finally
        {
            while (held > 0)
                descriptors[--held].DangerousRelease();
        }
    }
}
