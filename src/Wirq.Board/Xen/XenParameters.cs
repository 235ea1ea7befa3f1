using Wirq.Xen;

namespace Wirq.Board.Xen;

/// <summary>The parameters of an HVM domain (<c>HVM_PARAM_*</c>), as its guest may read and set them.</summary>
/// <remarks>Xen, hvm_allow_get_param and hvm_allow_set_param: most are the toolstack's alone. The board has a page for a
/// xenstore that never answers, since guests want to know where it is; it has no console ring.</remarks>
internal sealed class XenParameters
{
    /// <summary>The callback (<see cref="CallbackVia"/>).</summary>
    internal const uint CallbackIrq = 0;

    private const uint StoreFrame = 1, StorePort = 2, PaeEnabled = 4, Count = 39;

    private readonly ulong[] _values = new ulong[Count];

    /// <param name="storeFrame">The guest frame number of xenstore's page.</param>
    /// <param name="storePort">Its port.</param>
    internal XenParameters(ulong storeFrame, uint storePort) =>
        (_values[StoreFrame], _values[StorePort], _values[PaeEnabled]) = (storeFrame, storePort, 1);

    /// <summary>The guest reads one.</summary>
    /// <param name="index">May be anything.</param>
    /// <param name="value">Its value; 0 if the guest may not read it.</param>
    internal XenError Get(uint index, out ulong value)
    {
        value = 0;
        if (index >= Count)
            return XenError.Invalid;
        if (index is not (CallbackIrq or StoreFrame or StorePort or PaeEnabled))
            return XenError.NotPermitted;
        value = _values[index];
        return XenError.None;
    }

    /// <summary>The guest sets one.</summary>
    /// <param name="index">May be anything.</param>
    /// <param name="value">May be anything.</param>
    internal XenError Set(uint index, ulong value)
    {
        if (index >= Count)
            return XenError.Invalid;
        if (index != CallbackIrq)
            return XenError.NotPermitted;
        _values[index] = value;
        return XenError.None;
    }
}
