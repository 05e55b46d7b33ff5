namespace Mantle.Model;

/// <summary>Cuts text into the pieces within which bytes are merged: a run of letters or of marks, each with one space before it if there is one.</summary>
public static class Words
{
    /// <summary>Longest piece in bytes, and so longest token: merging is quadratic in it.</summary>
    public const int MaximumLength = 32;

    /// <summary>The length of the first piece of a text that is not empty.</summary>
    public static int FirstLength(ReadOnlySpan<byte> text)
    {
        int at = text[0] == ' ' && text.Length > 1 && !IsSpace(text[1]) ? 1 : 0;
        bool letters = IsLetter(text[at]);
        if (IsSpace(text[at]))
        {
            return 1;
        }

        while (at < text.Length && at < MaximumLength && !IsSpace(text[at]) && IsLetter(text[at]) == letters)
        {
            at++;
        }

        return at;
    }

    private static bool IsSpace(byte letter) => letter is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t';

    // Every byte of a character outside ASCII counts: which of them are letters is a question for tables that are not worth their size here.
    private static bool IsLetter(byte letter) => char.IsAsciiLetter((char)letter) || letter >= 0x80;
}
