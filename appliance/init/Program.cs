using System.Text;
using Mantle.Init.Configuration;
using Mantle.Init.Kernel;
using Mantle.Init.Phases;
using Mantle.Init.Service;

namespace Mantle.Init;

/// <summary>
/// The first program of the appliance, started three ways: by the kernel from the initrd (life one), by life one from the
/// verity root (life two), and by life two to become the service or the unsealing program. It writes to no console, ever.
/// </summary>
internal static class Program
{
    /// <summary>Where the builder puts this program in the root; in the initrd it is <c>/init</c>.</summary>
    internal const string InstalledPath = "/usr/sbin/init";

    /// <summary>The argument that marks life two.</summary>
    internal const string SecondLife = "root";

    private const int Usage = 1;
    private const int NotStarted = 70;

#pragma warning disable CA1031 // an unhandled exception in PID 1 is a panic; in a child's process, text on standard error
    private static int Main(string[] arguments)
    {
        if (Interop.Libc.getpid() == 1)
        {
            BeFirstProcess(arguments);
        }

        switch (arguments)
        {
            case [ProcessRole.ServiceName or ProcessRole.UnsealName]:
                return Become(arguments[0]);
            case ["--phases"]:
                PrintPhases();
                return 0;
            default:
                return Usage;
        }
    }

    /// <summary>Doesn't return: the end of PID 1 is a kernel panic, which is the last resort and not a way out.</summary>
    private static void BeFirstProcess(string[] arguments)
    {
        try
        {
            // The arguments of life one are the kernel's: words of the command line that it had no use for. So the file system
            // decides which life this is.
            if (Mounts.FileSystemType("/") is Mounts.RamfsType or Mounts.TmpfsType)
            {
                InitrdLife.Run();
            }
            else if (arguments is [SecondLife])
            {
                RootLife.Run();
            }
        }
        catch (Exception)
        {
            // Nobody is there to read a message, and there is nothing configured that could be ended orderly.
        }

        Thread.Sleep(InitrdLife.FailurePause);
        Power.Leave(MachineEnd.Reboot);
    }

    private static int Become(string role)
    {
        try
        {
            ServiceRole.Run(role);
        }
        catch (Exception)
        {
            // The exit code tells PID 1 that the program has failed.
        }

        return NotStarted;
    }

#pragma warning restore CA1031
    private static unsafe void PrintPhases()
    {
        StringBuilder text = new();
        Print(text, "initrd", InitrdLife.Phases);
        Print(text, "root", RootLife.Phases);
        foreach ((string name, Action<ProcessRole> _) in ServiceRole.Steps)
        {
            text.Append("service  ").Append(name).Append('\n');
        }

        byte[] bytes = Encoding.ASCII.GetBytes(text.ToString());
        fixed (byte* pointer = bytes)
        {
            _ = Interop.Libc.write(1, pointer, (nuint)bytes.Length);
        }
    }

    private static void Print<TState>(StringBuilder text, string life, Phase<TState>[] phases)
    {
        foreach (Phase<TState> phase in phases)
        {
            text.Append(life.PadRight(9)).Append(phase.Name.PadRight(21)).Append(phase.Purpose).Append('\n');
        }
    }
}
