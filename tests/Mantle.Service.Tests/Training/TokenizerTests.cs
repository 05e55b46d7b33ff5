using System.Text;
using CsCheck;
using Mantle.Model;
using Mantle.Model.Trainer;

namespace Mantle.Service.Tests.Training;

public class TokenizerTests
{
    [Fact]
    public void Tokens_give_back_any_bytes()
    {
        Gen.Byte.Array[0, 200].Sample(bytes => Assert.Equal(bytes, Decode(TinyModel.Tokenizer.Encode(bytes))), iter: 500);
        string[] pieces = ["the mill", " the", "  ", "bridge", "\n", "ä", "?", "…"];
        Gen.Int[0, pieces.Length - 1].Select(i => pieces[i]).Array[0, 60].Sample(
            words => Assert.Equal(string.Concat(words), Encoding.UTF8.GetString(Decode(TinyModel.Tokenizer.Encode(Encoding.UTF8.GetBytes(string.Concat(words)))))), iter: 500);
    }

    [Fact]
    public void A_word_that_never_ends_is_cut()
    {
        byte[] text = new byte[65536];
        Array.Fill(text, (byte)'a');
        List<int> tokens = TinyModel.Tokenizer.Encode(text);
        Assert.All(tokens, token => Assert.InRange(TinyModel.Tokenizer.Bytes(token).Length, 1, Words.MaximumLength));
        Assert.Equal(text, Decode(tokens));
    }

    [Fact]
    public void The_pair_that_is_met_most_often_is_merged_first()
    {
        (int Left, int Right)[] merges = PairEncoding.Learn([TinyModel.Utf8("abab abab cab")], 4);
        Assert.Equal([('a' + 1, 'b' + 1), (257, 257), (' ' + 1, 'c' + 1), (' ' + 1, 258)], merges); // among equals, the lower tokens first
        Assert.Equal(["abab", " c", "ab", " abab", "ab"], Texts(new Tokenizer(merges), "abab cab ababab"));
    }

    [Fact]
    public void Paragraphs_lose_their_line_ends_headings_and_emphasis()
    {
        List<byte[]> paragraphs = Corpus.Paragraphs("PRIDE\n\nChapter 1\n\n\nIt _is_ a\n  truth.\n\n\"Oh!\"\n");
        Assert.Equal(["It is a truth.", "\"Oh!\""], paragraphs.Select(Encoding.UTF8.GetString));
    }

    private static byte[] Decode(IEnumerable<int> tokens) => [.. tokens.SelectMany(token => TinyModel.Tokenizer.Bytes(token).ToArray())];

    private static IEnumerable<string> Texts(Tokenizer tokenizer, string text) =>
        tokenizer.Encode(Encoding.UTF8.GetBytes(text)).Select(token => Encoding.UTF8.GetString(tokenizer.Bytes(token)));
}
