using CsCheck;
using Mantle.Formats.Bytes;
using Mantle.Measure.Audit.Facts;

namespace Mantle.Measure.Tests.Audit;

public class BytePatternsTests
{
    /// <summary>Against the runtime's search for one string at a time, around the edges of blocks, with patterns that overlap and start alike.</summary>
    [Fact]
    public void Every_pattern_is_found_where_it_first_is() =>
        Gen.Select(Gen.Int[60_000, 140_000], Gen.Int[0, 1 << 30], Gen.Int[1, 200]).Sample(
            (length, seed, count) =>
            {
                byte[] content = new byte[length];
                Random random = new(seed);
                for (int i = 0; i < length; i += random.Next(1, 2000))
                {
                    content[i] = (byte)random.Next(256);
                }

                List<string> patterns = ["SSH-", "SSH-2.0-", "SSH-2.0-Go", "\u00ff\u00fe\0\u0001", "aaaa", "aaaaaaaa"];
                patterns.AddRange(Enumerable.Range(0, count).Select(i => $"pattern {i:x}-"));
                foreach (string pattern in patterns)
                {
                    for (int copies = random.Next(3); copies > 0; copies--)
                    {
                        // Often across the end of a block.
                        int at = random.Next(2) == 0 ? random.Next(length - pattern.Length) : Math.Min(length - pattern.Length, 65_536 - random.Next(pattern.Length));
                        System.Text.Encoding.Latin1.GetBytes(pattern, content.AsSpan(at));
                    }
                }

                long[] found = new BytePatterns(patterns).Search(ByteSource.FromMemory(content));
                for (int i = 0; i < patterns.Count; i++)
                {
                    Assert.Equal(content.AsSpan().IndexOf(System.Text.Encoding.Latin1.GetBytes(patterns[i])), found[i]);
                }
            },
            iter: 60);
}
