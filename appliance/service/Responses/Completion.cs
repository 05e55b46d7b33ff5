using System.Security.Cryptography;
using System.Text;
using Mantle.Model;

namespace Mantle.Service.Responses;

/// <summary>One answer while it is made: the model continues the request's last text, paragraph by paragraph what came before.</summary>
internal sealed class Completion
{
    /// <summary>Most tokens that a request may have.</summary>
    public const int MaximumInput = 1024;

    // A prompt that ends a sentence would often be answered by an end at once: right for a book, useless for a reader.
    private const int LeastTokens = 8;

    private readonly ResponseRequest _request;
    private readonly LanguageModel _model;
    private readonly List<int> _input;
    private readonly Generator _generator;
    private readonly Sampler _sampler;
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly char[] _letters = new char[Words.MaximumLength + 1];

    /// <param name="request">The request.</param>
    /// <param name="model">The model.</param>
    /// <exception cref="ApiException">The input is too long.</exception>
    public Completion(ResponseRequest request, LanguageModel model)
    {
        (_request, _model) = (request, model);
        _input = [];
        foreach (string text in request.Instructions is { } instructions ? request.Texts.Prepend(instructions) : request.Texts)
        {
            _input.Add(Tokenizer.End);
            _input.AddRange(model.Tokenizer.Encode(Encoding.UTF8.GetBytes(text.Trim())));
        }

        if (_input.Count > MaximumInput)
        {
            if (!request.MayTruncate)
            {
                throw new ApiException(400, $"the input has {_input.Count} tokens, at most {MaximumInput} are read", "input", "context_length_exceeded");
            }

            _input.RemoveRange(0, _input.Count - MaximumInput);
        }

        _generator = new(model);
        _sampler = new(request.Temperature, request.TopP, Uniform);
    }

    /// <summary>Tokens of the input.</summary>
    public int InputTokens => _input.Count;

    /// <summary>Tokens of the answer so far, its end included.</summary>
    public int OutputTokens { get; private set; }

    /// <summary>Whether the model ended the text itself, rather than reaching the limit.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Takes the input in. Every so often the thread is given to others.</summary>
    public async Task ReadInputAsync(CancellationToken cancellation)
    {
        foreach (int token in _input)
        {
            cancellation.ThrowIfCancellationRequested();
            _generator.Read(token);
            await Task.Yield();
        }
    }

    /// <summary>
    /// The next piece of the answer: one token's characters, none while a character is not whole. Null at the end.
    /// </summary>
    public string? Next()
    {
        int limit = _request.MaximumOutputTokens ?? ResponseRequest.DefaultOutput;
        if (IsComplete || OutputTokens >= limit)
        {
            return null;
        }

        OutputTokens++;
        int token = _sampler.Choose(_generator.Predict(), OutputTokens > LeastTokens);
        IsComplete = token == Tokenizer.End;
        if (!IsComplete)
        {
            _generator.Read(token);
        }

        // At the end, half a character becomes U+FFFD.
        bool isLast = IsComplete || OutputTokens == limit;
        int count = _decoder.GetChars(_model.Tokenizer.Bytes(token), _letters, isLast);
        return new string(_letters, 0, count);
    }

    private static double Uniform()
    {
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        return (BitConverter.ToUInt64(bytes) >> 11) * (1.0 / (1UL << 53));
    }
}
