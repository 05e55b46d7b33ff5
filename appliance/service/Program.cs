using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading.RateLimiting;
using Mantle.Model;
using Mantle.Service;
using Mantle.Service.Attestation;
using Mantle.Service.Responses;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

// Nobody reads this program's output, so it writes none; the exit code says why it ended.
const int Usage = 1;
const int MalformedWeights = 3;
const int CannotListenOrRead = 4;

if (!ServiceOptions.TryParse(args, out ServiceOptions options))
{
    return Usage;
}

LanguageModel? model;
try
{
    model = Weights.TryLoad(options.Weights);
}
catch (InvalidDataException)
{
    return MalformedWeights;
}
catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
{
    return CannotListenOrRead;
}

using X509Certificate2 certificate = ServerCertificate.Create(TimeProvider.System);

// The empty builder brings no logging, no configuration provider (DOTNET_*, ASPNETCORE_*, files) and no default address.
WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = "/", EnvironmentName = "Production" });
builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
builder.WebHost.UseKestrelCore().ConfigureKestrel(server => Listener.Configure(server, options.Listen, certificate));

using TokenBucketRateLimiter limiter = Listener.CreateRateLimiter();
await using WebApplication application = builder.Build();
byte[] keyDigest = SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo());
using AttestationResource attestation = new(options.Attestation is { } socket ? new AttestationBroker(socket, keyDigest) : null);

// As many at a time as there are processors; each takes one for a second or so, and nobody waits for more than a few others.
using Places places = new(Environment.ProcessorCount, waiting: 8);
using Endpoints endpoints = new(options, limiter, attestation, new ResponsesResource(model, places, TimeProvider.System));
application.Run(endpoints.AnswerAsync);
try
{
    await application.StartAsync();
}
catch (IOException)
{
    return CannotListenOrRead;
}

await application.WaitForShutdownAsync();
return 0;
