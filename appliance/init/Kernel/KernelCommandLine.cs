namespace Mantle.Init.Kernel;

/// <summary>
/// The kernel's command line. Words are separated by white space; a double quote protects white space up to the next one, as
/// in the kernel's own <c>next_arg</c>.
/// </summary>
internal static class KernelCommandLine
{
    /// <summary>
    /// The value of a word <c>key=value</c> that must be there exactly once: a boot loader or firmware that appends a second
    /// one must not decide which of them counts.
    /// </summary>
    /// <exception cref="InvalidDataException">There is none, or more than one.</exception>
    internal static string Single(string commandLine, string key)
    {
        string? value = null;
        foreach (string word in Words(commandLine))
        {
            if (word.StartsWith(key, StringComparison.Ordinal) && word.Length > key.Length && word[key.Length] == '=')
            {
                value = value is null ? word[(key.Length + 1)..] : throw new InvalidDataException($"command line: \"{key}\" is given twice");
            }
        }

        return value ?? throw new InvalidDataException($"command line: \"{key}\" is missing");
    }

    internal static List<string> Words(string commandLine)
    {
        List<string> words = [];
        bool quoted = false;
        int start = -1;
        for (int index = 0; index <= commandLine.Length; index++)
        {
            bool ends = index == commandLine.Length || (!quoted && char.IsWhiteSpace(commandLine[index]));
            if (ends)
            {
                if (start >= 0)
                {
                    words.Add(commandLine[start..index].Replace("\"", "", StringComparison.Ordinal));
                }

                start = -1;
                continue;
            }

            start = start < 0 ? index : start;
            quoted ^= commandLine[index] == '"';
        }

        return words;
    }
}
