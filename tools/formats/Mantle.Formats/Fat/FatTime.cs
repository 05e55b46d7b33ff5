using Mantle.Formats.Bytes;

namespace Mantle.Formats.Fat;

/// <summary>FAT dates and times: local time without a zone, which is UTC here, in steps of two seconds from 1980 to 2107.</summary>
internal static class FatTime
{
    private const long Earliest = 315_532_800; // 1980-01-01T00:00:00Z
    private const long Latest = 4_354_819_199; // 2107-12-31T23:59:59Z

    /// <summary>The nearest representable time not after <paramref name="seconds"/>, or the earliest one; the third part counts units of 10 ms.</summary>
    public static (ushort Date, ushort Time, byte Tenths) Encode(long seconds)
    {
        DateTimeOffset time = DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(seconds, Earliest, Latest));
        return (
            (ushort)(((time.Year - 1980) << 9) | (time.Month << 5) | time.Day),
            (ushort)((time.Hour << 11) | (time.Minute << 5) | (time.Second / 2)),
            (byte)(time.Second % 2 * 100));
    }

    /// <summary>Seconds since 1970. A date of zero, which means that none was recorded, is 0.</summary>
    public static long Decode(ushort date, ushort time, long offset)
    {
        if (date == 0)
        {
            return 0;
        }

        int year = 1980 + (date >> 9);
        int month = (date >> 5) & 0xF;
        int day = date & 0x1F;
        int hour = time >> 11;
        int minute = (time >> 5) & 0x3F;
        int second = (time & 0x1F) * 2;
        return month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59 || second > 59
            ? throw new MalformedInputException(FatFormat.Name, offset, $"no such time: date 0x{date:x4}, time 0x{time:x4}")
            : new DateTimeOffset(year, month, day, hour, minute, second, TimeSpan.Zero).ToUnixTimeSeconds();
    }
}
