namespace Mantle.Cli;

/// <summary>One line on a terminal that is written over again and again; on anything else, nothing. Lines that stay are written through it too.</summary>
/// <param name="output">Standard error.</param>
/// <param name="isTerminal">Whether somebody is looking.</param>
public sealed class ProgressLine(TextWriter output, bool isTerminal)
{
    private readonly Lock _lock = new();
    private int _length;

    /// <summary>Shows a passing state.</summary>
    public void Show(string text)
    {
        if (!isTerminal)
        {
            return;
        }

        lock (_lock)
        {
            output.Write('\r' + text.PadRight(_length));
            output.Flush();
            _length = text.Length;
        }
    }

    /// <summary>Writes a line that stays.</summary>
    public void Write(string text)
    {
        lock (_lock)
        {
            if (_length > 0)
            {
                output.Write('\r' + new string(' ', _length) + '\r');
                _length = 0;
            }

            output.WriteLine(text);
        }
    }
}
