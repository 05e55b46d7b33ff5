using System.Buffers.Binary;
using Mantle.Init.Configuration;
using Mantle.Init.Phases;
using Mantle.Init.Service;

namespace Mantle.Init.Kernel;

/// <summary>
/// Signals to PID 1: SIGCHLD reaps, SIGTERM and SIGPWR power off, a process's SIGINT reboots. The kernel's own SIGINT is
/// Ctrl-Alt-Del, and typed keys do nothing here; the other blocked signals are taken and forgotten.
/// </summary>
internal sealed unsafe class SignalSource : EventSource
{
    private const int InformationLength = 128; // sizeof(struct signalfd_siginfo)
    private const int CloseOnExecNonBlocking = 0x80800;
    private readonly EventLoop _loop;
    private readonly Reaper _reaper;
    private readonly byte[] _buffer = new byte[16 * InformationLength];

    internal SignalSource(EventLoop loop, Reaper reaper)
    {
        _loop = loop;
        _reaper = reaper;
        SignalSet handled = SignalSet.Of(Signal.Handled);
        Descriptor = SystemCallException.Check(Interop.Libc.signalfd(-1, &handled, CloseOnExecNonBlocking), "signalfd");
    }

    /// <inheritdoc/>
    internal override int Descriptor { get; }

    /// <summary>Blocks <see cref="Signal.Handled"/> in this thread and in all that it starts from now on, across execve(2).</summary>
    internal static void Block()
    {
        const int AddToMask = 0;
        SignalSet handled = SignalSet.Of(Signal.Handled);
        _ = Interop.Libc.pthread_sigmask(AddToMask, &handled, null);
    }

    /// <inheritdoc/>
    internal override void OnReadable(long now)
    {
        Span<byte> received = _buffer.AsSpan(0, KernelFile.Read(Descriptor, _buffer, "signalfd"));
        for (; received.Length >= InformationLength; received = received[InformationLength..])
        {
            int signal = BinaryPrimitives.ReadInt32LittleEndian(received);
            int code = BinaryPrimitives.ReadInt32LittleEndian(received[8..]);
            switch (signal)
            {
                case Signal.SIGCHLD:
                    _reaper.ReapChildren(now);
                    break;
                case Signal.SIGTERM or Signal.SIGPWR:
                    _loop.End ??= MachineEnd.PowerOff;
                    break;
                case Signal.SIGINT when code <= 0: // SI_USER and the like; the kernel's are positive
                    _loop.End ??= MachineEnd.Reboot;
                    break;
            }
        }
    }
}
