/**
 * Libraries, runtimes, tools and lists that cards of all kinds of models link to: what a model runs on, not its own code.
 * A repository in this list is never taken for a model's own, whoever links it.
 */

const FRAMEWORKS: ReadonlySet<string> = new Set(
  (
    "abetlen/llama-cpp-python ai-dynamo/dynamo allenai/allennlp apple/coremltools autogptq/autogptq automatic1111/stable-diffusion-webui " +
    "axolotl-ai-cloud/axolotl casper-hansen/autoawq bitsandbytes-foundation/bitsandbytes comfyanonymous/comfyui " +
    "coqui-ai/tts dao-ailab/flash-attention deepspeedai/deepspeed dlr-rm/rl-baselines3-zoo dlr-rm/stable-baselines3 dmlc/xgboost " +
    "eleutherai/gpt-neox eleutherai/lm-evaluation-harness embeddings-benchmark/mteb espnet/espnet explosion/spacy " +
    "exo-explore/exo facebookresearch/detectron2 facebookresearch/fairseq facebookresearch/faiss facebookresearch/xformers " +
    "fastai/fastai flairnlp/flair ggerganov/ggml ggerganov/llama.cpp ggerganov/whisper.cpp ggml-org/ggml ggml-org/llama.cpp " +
    "ggml-org/whisper.cpp google/flax google/jax google/sentencepiece guillaumekln/faster-whisper " +
    "haotian-liu/llava hiyouga/llama-factory hpcaitech/colossalai huggingface/accelerate huggingface/autotrain-advanced " +
    "huggingface/blog huggingface/candle huggingface/datasets huggingface/deep-rl-class huggingface/diffusers " +
    "huggingface/evaluate huggingface/hub-docs huggingface/huggingface_hub huggingface/lerobot huggingface/lighteval " +
    "huggingface/notebooks huggingface/optimum huggingface/peft huggingface/pytorch-image-models " +
    "huggingface/pytorch-transformers huggingface/safetensors huggingface/sentence-transformers huggingface/setfit " +
    "huggingface/text-generation-inference huggingface/tokenizers huggingface/transformers huggingface/transformers.js " +
    "huggingface/trl intel/neural-compressor internlm/lmdeploy invoke-ai/invokeai jax-ml/jax karpathy/nanogpt " +
    "keras-team/keras keras-team/keras-hub kohya-ss/sd-scripts langchain-ai/langchain lightning-ai/lightning " +
    "lightning-ai/litgpt lightning-ai/pytorch-lightning lm-sys/fastchat lmstudio-ai/lms maartengr/bertopic microsoft/deepspeed microsoft/onnxruntime " +
    "microsoft/onnxruntime-genai microsoft/olive mlc-ai/mlc-llm mlc-ai/web-llm ml-explore/mlx ml-explore/mlx-examples " +
    "ml-explore/mlx-lm mlfoundations/open_clip modelscope/ms-swift mosaicml/composer mosaicml/llm-foundry nomic-ai/gpt4all " +
    "nvidia/apex nvidia/megatron-lm nvidia/nemo nvidia/tensorrt-llm nvidia-nemo/nemo ollama/ollama onnx/onnx oobabooga/text-generation-webui " +
    "openai/openai-python openai/gym openaccess-ai-collective/axolotl opennmt/ctranslate2 open-mmlab/mmdetection " +
    "openvinotoolkit/openvino optuna/optuna paddlepaddle/paddle pyannote/pyannote-audio pytorch/audio pytorch/fairseq " +
    "pytorch/pytorch pytorch/torchtune pytorch/vision qdrant/fastembed rwightman/pytorch-image-models scikit-learn/scikit-learn " +
    "sgl-project/sglang skorch-dev/skorch snakers4/silero-vad speechbrain/speechbrain stanfordnlp/stanza systran/faster-whisper " +
    "tensorflow/models tensorflow/tensorflow tensorflow/tpu tloen/alpaca-lora turboderp/exllama turboderp/exllamav2 turboderp-org/exllamav2 turboderp-org/exllamav3 " +
    "ukplab/sentence-transformers ultralytics/ultralytics ultralytics/yolov5 unity-technologies/ml-agents unslothai/unsloth " +
    "vllm-project/llm-compressor vllm-project/vllm volcengine/verl xenova/transformers.js"
  ).split(" "),
);

/** Whether a repository (`owner/repo`, any case) is a framework. */
export function isFramework(repository: string): boolean {
  return FRAMEWORKS.has(repository.toLowerCase());
}
