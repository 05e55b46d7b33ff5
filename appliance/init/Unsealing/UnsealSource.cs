using Mantle.Init.Kernel;
using Mantle.Init.Phases;
using Mantle.Init.Service;

namespace Mantle.Init.Unsealing;

/// <summary>Lets the loop serve the unsealing program: its channel, its deadlines, its end.</summary>
internal sealed class UnsealSource(Unsealer unsealer, UnsealHost host) : EventSource, IProcessOwner
{
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(UnsealMessage.MaximumLength, pinned: true);

    /// <inheritdoc/>
    internal override int Descriptor => host.Descriptor;

    /// <inheritdoc/>
    internal override long Deadline => unsealer.Deadline;

    /// <inheritdoc/>
    internal override void OnReadable(long now)
    {
        switch (host.Receive(_buffer))
        {
            case null:
                break;
            case > 0 and int length:
                unsealer.OnMessage(_buffer.AsSpan(0, length), now);
                _buffer.AsSpan(0, length).Clear();
                break;
            default:
                _buffer.AsSpan().Clear();
                unsealer.OnChannelEnd(now);
                break;
        }
    }

    /// <inheritdoc/>
    internal override void OnDeadline(long now) => unsealer.OnDeadline(now);

    /// <inheritdoc/>
    public bool OnProcessEnd(int process, int status, long now) => unsealer.OnProcessEnd(process, now);
}

/// <summary>Tells the unsealer when disks come, while it looks for some.</summary>
internal sealed class BlockDeviceSource(Unsealer unsealer) : EventSource
{
    private readonly int _events = Netlink.Open(Netlink.KernelObjectUevent, groups: 1);

    /// <inheritdoc/>
    internal override int Descriptor => unsealer.IsSearching ? _events : -1;

    /// <inheritdoc/>
    internal override void OnReadable(long now)
    {
        Netlink.WaitAndDrain(_events, milliseconds: 0);
        unsealer.OnDevices(now);
    }
}
