using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Mantle.Formats.Bytes;
using Mantle.Formats.Elf;

namespace Mantle.Measure.Comparison;

/// <summary>Guesses from the bytes around differences why two contents without known structure differ.</summary>
internal static partial class CauseFinder
{
    /// <summary>Differences that are looked at; the first is often a checksum or an offset, and a later one the reason.</summary>
    private const int MostDifferences = 64;

    private const int Reach = 160;
    private const int LargestText = 1 << 16;
    private const string BuildIdSection = ".note.gnu.build-id";

    /// <summary>The cause, and what points to it.</summary>
    public static (LikelyCause Cause, string? Evidence) Find(ByteSource a, ByteSource b, long first)
    {
        if (first == Math.Min(a.Length, b.Length))
        {
            return (LikelyCause.Truncated, $"equal up to {first:N0} bytes");
        }

        if (TryText(a, out string? textA) && TryText(b, out string? textB))
        {
            return FindInText(textA, textB);
        }

        ElfFile? elf = ReadElf(a);
        string? section = elf is null ? null : SectionAt(elf, first);
        string where = section is null ? "" : $"section {section}: ";
        long at = first;
        for (int i = 0; i < MostDifferences && at >= 0 && at < Math.Min(a.Length, b.Length); i++)
        {
            if (Explain(Around(a, at, out int inA), inA, Around(b, at, out int inB), inB) is { } found)
            {
                return (found.Cause, (elf is null ? "" : $"section {SectionAt(elf, at) ?? "headers"}: ") + found.Evidence);
            }

            at = ByteDifference.FirstDifference(a, b, at + Reach);
        }

        if (a.Length == b.Length && section == BuildIdSection && OnlyIn(elf!, a, b))
        {
            return (LikelyCause.OtherTool, "only the build id differs");
        }

        return (LikelyCause.OtherContent, where.Length > 0 ? where.TrimEnd(' ', ':') : null);
    }

    private static (LikelyCause Cause, string? Evidence) FindInText(string a, string b)
    {
        string[] linesA = a.Split('\n');
        string[] linesB = b.Split('\n');
        int line = 0;
        while (line < linesA.Length && line < linesB.Length && linesA[line] == linesB[line])
        {
            line++;
        }

        string lineA = line < linesA.Length ? linesA[line] : "";
        string lineB = line < linesB.Length ? linesB[line] : "";
        string evidence = $"line {line + 1}: {Quote(lineA)} against {Quote(lineB)}";
        return linesA.Order(StringComparer.Ordinal).SequenceEqual(linesB.Order(StringComparer.Ordinal), StringComparer.Ordinal)
            ? (LikelyCause.Order, evidence)
            : (CauseOf(lineA, lineB) ?? LikelyCause.OtherContent, evidence);
    }

    private static (LikelyCause Cause, string Evidence)? Explain(byte[] a, int atA, byte[] b, int atB)
    {
        string textA = TextAround(a, atA);
        string textB = TextAround(b, atB);
        if (textA.Length + textB.Length > 0 && CauseOf(textA, textB) is { } cause)
        {
            return (cause, $"{Quote(textA)} against {Quote(textB)}");
        }

        return Time(a, atA) is { } timeA && Time(b, atB) is { } timeB && timeA != timeB && SameBehind(a, atA, b, atB)
            ? (LikelyCause.TimeStamp, $"{timeA:yyyy-MM-ddTHH:mm:ssZ} against {timeB:yyyy-MM-ddTHH:mm:ssZ}, as 32-bit numbers")
            : null;
    }

    /// <summary>What a text is, when both sides are the same kind of text.</summary>
    private static LikelyCause? CauseOf(string a, string b) =>
        Identifier().IsMatch(a) && Identifier().IsMatch(b) && Differs(Identifier(), a, b) ? LikelyCause.Identifier
        : Date().IsMatch(a) && Date().IsMatch(b) && Differs(Date(), a, b) ? LikelyCause.TimeStamp
        : AbsolutePath().IsMatch(a) && AbsolutePath().IsMatch(b) && Differs(AbsolutePath(), a, b) ? LikelyCause.BuildPath
        : Version().IsMatch(a) && Version().IsMatch(b) && Differs(Version(), a, b) ? LikelyCause.OtherTool
        : null;

    private static bool Differs(Regex pattern, string a, string b) =>
        !pattern.Matches(a).Select(match => match.Value).SequenceEqual(pattern.Matches(b).Select(match => match.Value), StringComparer.Ordinal);

    /// <summary>The run of printable characters around a position; empty if it is too short to mean anything.</summary>
    private static string TextAround(byte[] bytes, int at)
    {
        const int Shortest = 6;
        int start = at;
        while (start > 0 && IsPrintable(bytes[start - 1]))
        {
            start--;
        }

        int end = at;
        while (end < bytes.Length && IsPrintable(bytes[end]))
        {
            end++;
        }

        return end - start >= Shortest ? Encoding.ASCII.GetString(bytes, start, end - start) : "";
    }

    /// <summary>A 32-bit time around a position, if it is one of a decade or two around today.</summary>
    private static DateTimeOffset? Time(byte[] bytes, int at)
    {
        int start = at & ~3;
        if (start + 4 > bytes.Length)
        {
            return null;
        }

        DateTimeOffset time = DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(start)));
        return time.Year is >= 2012 and <= 2040 ? time : null;
    }

    /// <summary>Random numbers look like times now and then; a time stands alone between bytes that are equal.</summary>
    private static bool SameBehind(byte[] a, int atA, byte[] b, int atB)
    {
        ReadOnlySpan<byte> behindA = a.AsSpan(Math.Min((atA & ~3) + 4, a.Length));
        ReadOnlySpan<byte> behindB = b.AsSpan(Math.Min((atB & ~3) + 4, b.Length));
        int length = Math.Min(12, Math.Min(behindA.Length, behindB.Length));
        return behindA[..length].SequenceEqual(behindB[..length]);
    }

    private static byte[] Around(ByteSource source, long at, out int position)
    {
        long start = Math.Max(at - Reach, 0) & ~3L;
        byte[] bytes = new byte[Math.Min(source.Length - start, 2 * Reach)];
        source.ReadExactly(start, bytes);
        position = (int)(at - start);
        return bytes;
    }

    private static bool TryText(ByteSource source, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out string? text)
    {
        text = null;
        if (source.Length > LargestText)
        {
            return false;
        }

        byte[] bytes = source.ToArray();
        if (!System.Text.Unicode.Utf8.IsValid(bytes) || bytes.AsSpan().ContainsAnyInRange((byte)0, (byte)8))
        {
            return false;
        }

        text = Encoding.UTF8.GetString(bytes);
        return true;
    }

    private static ElfFile? ReadElf(ByteSource source)
    {
        try
        {
            return ElfFile.IsElf(source) ? ElfFile.Read(source) : null;
        }
        catch (MalformedInputException)
        {
            return null; // it only helps to name a place
        }
    }

    private static string? SectionAt(ElfFile elf, long offset) =>
        elf.Sections.FirstOrDefault(section => section.HasBytes && offset >= section.Offset && offset < section.Offset + section.Size)?.Name;

    private static bool OnlyIn(ElfFile elf, ByteSource a, ByteSource b)
    {
        ElfSection section = elf.Sections.First(candidate => candidate.Name == BuildIdSection);
        return ByteDifference.FirstDifference(a, b, section.Offset + section.Size) < 0;
    }

    private static bool IsPrintable(byte value) => value is >= 0x20 and < 0x7f;

    private static string Quote(string text) =>
        text.Length <= Reach ? $"\"{text}\"" : string.Create(CultureInfo.InvariantCulture, $"\"{text.AsSpan(0, Reach)}…\"");

    [GeneratedRegex(@"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")]
    private static partial Regex Identifier();

    [GeneratedRegex(@"\b(19|20)\d\d-[01]\d-[0-3]\d\b|\b[0-2]\d:[0-5]\d:[0-5]\d\b|\b1[5-9]\d{8}\b")]
    private static partial Regex Date();

    [GeneratedRegex(@"/(home|root|tmp|var/tmp|build|builds|work|workspace|src|srv|opt|mnt|usr/src|github|_|Users)(/[\w.+@~, -]+)+")]
    private static partial Regex AbsolutePath();

    [GeneratedRegex(@"\b\d+\.\d+(\.\d+)*([-+~][\w.+~]+)?\b")]
    private static partial Regex Version();
}
