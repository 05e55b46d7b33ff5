using System.Diagnostics;
using System.Text;

namespace Mantle.Emulator;

/// <summary>
/// A foreign program that ends when we do, however we end: a shell holds the other end of a pipe from us and kills the program when the pipe
/// closes. (PR_SET_PDEATHSIG would fire when the starting thread ends, and threads of the pool do.)
/// </summary>
internal sealed class ChildProcess : IDisposable
{
    private const string Supervisor =
        """
        exec 4<&0
        "$@" </dev/null 4<&- &
        child=$!
        ( read -r line <&4; kill -9 $child ) 2>/dev/null &
        watch=$!
        wait $child
        code=$?
        kill $watch 2>/dev/null
        exit $code
        """;

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly string _name;

    public ChildProcess(string program, IEnumerable<string> arguments)
    {
        _name = Path.GetFileName(program);
        ProcessStartInfo start = new("/bin/sh", ["-c", Supervisor, "sh", program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LC_ALL"] = "C.UTF-8";
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Append(line.Data);
        _process.ErrorDataReceived += (_, line) => Append(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public bool HasExited => _process.HasExited;

    /// <summary>What the program wrote, both streams.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Fails if the program is gone.</summary>
    public void ThrowIfExited()
    {
        if (HasExited)
        {
            throw new EmulatorException($"{_name} exited with {_process.ExitCode}: {Output}");
        }
    }

    public bool WaitForExit(TimeSpan timeout) => _process.WaitForExit(timeout);

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.StandardInput.Close();
            if (!_process.WaitForExit(TimeSpan.FromSeconds(10)))
            {
                _process.Kill(entireProcessTree: true);
                _process.WaitForExit();
            }
        }

        _process.Dispose();
    }

    private void Append(string? line)
    {
        if (line is not null)
        {
            lock (_output)
            {
                _output.Append(line).Append('\n');
            }
        }
    }
}
