using System.Diagnostics.CodeAnalysis;
using Mantle.Formats.Pe.Uki;

namespace Mantle.Measure.Prediction;

/// <summary>The kernel command line that comes out of section <c>.cmdline</c>.</summary>
internal static class CommandLine
{
    /// <summary>Linux's own limit on x86-64; a longer text would be cut.</summary>
    private const int Longest = 2047;

    /// <summary>
    /// Reads the section and tidies it as the stub does: control characters and spaces are trimmed at both ends and become single spaces
    /// within; runs stay runs. False: what the stub would make of it is not known, and <paramref name="problem"/> says why.
    /// </summary>
    public static bool TryRead(BootInputs inputs, [NotNullWhen(true)] out string? commandLine, [NotNullWhen(false)] out string? problem)
    {
        commandLine = null;
        problem = null;
        if (inputs.Section(UkiSectionName.CommandLine) is not { } section)
        {
            problem = "there is no section \".cmdline\", so the firmware's boot entry decides the command line";
            return false;
        }

        if (section.Length > Longest)
        {
            problem = $"section \".cmdline\" has {section.Length} bytes, the kernel takes {Longest}";
            return false;
        }

        byte[] bytes = section.ToArray();
        if (bytes.AsSpan().ContainsAnyExceptInRange((byte)1, (byte)0x7f))
        {
            problem = "section \".cmdline\" has bytes that are NUL or not ASCII";
            return false;
        }

        string tidy = string.Create(bytes.Length, bytes, (text, from) =>
        {
            for (int i = 0; i < text.Length; i++)
            {
                text[i] = from[i] is <= 0x20 or 0x7f ? ' ' : (char)from[i];
            }
        }).Trim(' ');
        if (tidy.Length == 0)
        {
            problem = "section \".cmdline\" is blank";
            return false;
        }

        commandLine = tidy;
        return true;
    }
}
