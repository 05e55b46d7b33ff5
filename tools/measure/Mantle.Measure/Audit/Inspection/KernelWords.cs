namespace Mantle.Measure.Audit.Inspection;

/// <summary>The words of a kernel command line: separated by white space, a double quote protects white space (Linux, lib/cmdline.c, next_arg).</summary>
internal static class KernelWords
{
    public static IReadOnlyList<string> Split(string commandLine)
    {
        List<string> words = [];
        bool quoted = false;
        int start = -1;
        for (int i = 0; i <= commandLine.Length; i++)
        {
            if (i == commandLine.Length || (!quoted && commandLine[i] is <= ' ' or '\u007f'))
            {
                if (start >= 0)
                {
                    words.Add(commandLine[start..i].Replace("\"", "", StringComparison.Ordinal));
                }

                start = -1;
                continue;
            }

            start = start < 0 ? i : start;
            quoted ^= commandLine[i] == '"';
        }

        return words;
    }

    /// <summary>In names of parameters the kernel takes a hyphen for an underscore (parameqn in kernel/params.c).</summary>
    public static string Normalise(string word)
    {
        int equals = word.IndexOf('=', StringComparison.Ordinal);
        string name = (equals < 0 ? word : word[..equals]).Replace('-', '_');
        return equals < 0 ? name : name + word[equals..];
    }
}
